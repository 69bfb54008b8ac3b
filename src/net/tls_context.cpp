#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509err.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <new>
#include <string>

namespace cubby {
namespace {

// Suites of TLS 1.2: authenticated encryption with forward secrecy. Those of 1.3 are all of this kind.
constexpr const char* suites = "ECDHE+AESGCM:ECDHE+CHACHA20";

constexpr unsigned char only_protocol[] = "\x08http/1.1";

std::string last_reason() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason ? reason : "unknown";
}

Error refuse(const std::filesystem::path& file, const std::string& why) {
  return fail(Errc::internal, "TLS: " + file.string() + ": " + why);
}

Result<void> check_readable(const std::filesystem::path& file) {
  errno = 0;
  if (std::ifstream stream(file); stream && stream.peek() != std::ifstream::traits_type::eof()) return {};
  return refuse(file, errno != 0 ? std::strerror(errno) : "is empty");
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  const int result =
      SSL_select_next_proto(&found, size, only_protocol, sizeof only_protocol - 1, offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A key with a passphrase is an error, not a question on the terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

void set_rules(SSL_CTX* settings) {
  SSL_CTX_set_min_proto_version(settings, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(settings, suites);
  SSL_CTX_set_options(settings, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A partial write may be tried again from another buffer with the same bytes; idle connections hold no
  // buffers.
  SSL_CTX_set_mode(settings, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(settings, 1);  // a record's head and body by one system call
  // Sessions are resumed by tickets, which need no memory and no lock here.
  SSL_CTX_set_session_cache_mode(settings, SSL_SESS_CACHE_OFF);
  constexpr unsigned char session_context[] = "cubby";
  SSL_CTX_set_session_id_context(settings, session_context, sizeof session_context - 1);
  SSL_CTX_set_alpn_select_cb(settings, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(settings, no_passphrase);
}

Result<void> load_pair(SSL_CTX* settings, const TlsFiles& files) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(settings, files.certificate.c_str()) != 1)
    return refuse(files.certificate, "no certificate in PEM form: " + last_reason());
  if (SSL_CTX_use_PrivateKey_file(settings, files.key.c_str(), SSL_FILETYPE_PEM) == 1) return {};
  if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
    return refuse(files.key, "does not belong to the certificate in " + files.certificate.string());
  return refuse(files.key, "no private key in PEM form without a passphrase: " + last_reason());
}

Result<void> load_client_ca(SSL_CTX* settings, const std::filesystem::path& file) {
  ERR_clear_error();
  auto* const names = SSL_load_client_CA_file(file.c_str());
  if (!names || SSL_CTX_load_verify_file(settings, file.c_str()) != 1)
    return refuse(file, "no certificates in PEM form: " + last_reason());
  SSL_CTX_set_client_CA_list(settings, names);
  SSL_CTX_set_verify(settings, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

std::string text_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown time";
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string text_of(const X509_NAME* name) {
  const std::unique_ptr<BIO, int (*)(BIO*)> text(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_RFC2253);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

void describe(const SSL_CTX* settings, const TlsFiles& files) {
  const X509* const certificate = SSL_CTX_get0_certificate(settings);
  const ASN1_TIME* const end = X509_get0_notAfter(certificate);
  spdlog::info("TLS: certificate of {}, valid until {}", text_of(X509_get_subject_name(certificate)),
               text_of(end));
  if (X509_cmp_current_time(end) < 0) spdlog::warn("TLS: the certificate has expired");
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
    spdlog::warn("TLS: the certificate is not valid yet");
  struct stat state {};
  if (::stat(files.key.c_str(), &state) == 0 && (state.st_mode & S_IROTH) != 0)
    spdlog::warn("TLS: everybody on this machine may read the key {}", files.key.string());
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::open(TlsFiles files) {
  std::unique_ptr<TlsContext> opened(new TlsContext(std::move(files)));
  if (const auto loaded = opened->reload(); !loaded) return loaded.error();
  return opened;
}

Result<TlsContext::Settings> TlsContext::read_files() const {
  for (const auto& file : {files_.certificate, files_.key, files_.client_ca.value_or(files_.certificate)}) {
    if (const auto readable = check_readable(file); !readable) return readable.error();
  }
  const Settings settings(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!settings) throw std::bad_alloc();
  set_rules(settings.get());
  if (const auto loaded = load_pair(settings.get(), files_); !loaded) return loaded.error();
  if (files_.client_ca) {
    if (const auto loaded = load_client_ca(settings.get(), *files_.client_ca); !loaded) return loaded.error();
  }
  describe(settings.get(), files_);
  return settings;
}

Result<void> TlsContext::reload() {
  auto read = read_files();
  if (!read) return read.error();
  const std::scoped_lock lock(mutex_);
  settings_ = std::move(*read);
  return {};
}

std::unique_ptr<TlsSession> TlsContext::begin(int descriptor) const {
  SSL* session = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    session = SSL_new(settings_.get());  // holds the settings
  }
  if (!session) throw std::bad_alloc();
  auto begun = std::make_unique<TlsSession>(session);
  if (SSL_set_fd(session, descriptor) != 1) throw std::bad_alloc();
  return begun;
}

}  // namespace cubby
