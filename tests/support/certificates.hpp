// Certificates for tests, made as they are needed.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cubby {

// One with its key, kept as PEM files.
class Certificate {
 public:
  // Of an authority, which signs itself.
  static Certificate authority(const std::string& name) { return Certificate(name, nullptr); }

  // Signed by this one, for 127.0.0.1.
  Certificate sign(const std::string& name) const { return Certificate(name, this); }

  long serial() const { return ASN1_INTEGER_get(X509_get0_serialNumber(certificate_.get())); }

  void write_certificate(const std::filesystem::path& file) const {
    const File out(file);
    check(PEM_write_X509(out.get(), certificate_.get()));
  }

  // Encrypted if there is a passphrase.
  void write_key(const std::filesystem::path& file, std::string_view passphrase = {}) const {
    const File out(file);
    const auto* const phrase = passphrase.empty() ? nullptr : passphrase.data();
    check(PEM_write_PKCS8PrivateKey(out.get(), key_.get(), phrase ? EVP_aes_128_cbc() : nullptr, phrase,
                                    static_cast<int>(passphrase.size()), nullptr, nullptr));
    std::filesystem::permissions(file,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }

 private:
  class File {
   public:
    explicit File(const std::filesystem::path& path) : file_(std::fopen(path.c_str(), "w"), std::fclose) {
      check(file_ != nullptr);
    }
    std::FILE* get() const { return file_.get(); }

   private:
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  };

  Certificate(const std::string& name, const Certificate* issuer)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    static long serials = 0;
    X509* const made = certificate_.get();
    check(key_ && X509_set_version(made, X509_VERSION_3) &&
          ASN1_INTEGER_set(X509_get_serialNumber(made), ++serials) &&
          X509_gmtime_adj(X509_getm_notBefore(made), -60) &&
          X509_gmtime_adj(X509_getm_notAfter(made), 3600) && X509_set_pubkey(made, key_.get()));
    check(X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0));
    X509* const signer = issuer ? issuer->certificate_.get() : made;
    check(X509_set_issuer_name(made, X509_get_subject_name(signer)));
    add_extension(NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (issuer) add_extension(NID_subject_alt_name, "IP:127.0.0.1");
    check(X509_sign(made, issuer ? issuer->key_.get() : key_.get(), EVP_sha256()));
  }

  void add_extension(int kind, const char* value) {
    const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, value), X509_EXTENSION_free);
    check(extension && X509_add_ext(certificate_.get(), extension.get(), -1));
  }

  static void check(bool done) {
    if (!done) throw std::runtime_error("cannot make a certificate");
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

}  // namespace cubby
