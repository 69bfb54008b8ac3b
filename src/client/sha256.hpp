// SHA-256 of what arrives in pieces.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace cubby::client {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  Sha256(const Sha256& other) : context_(EVP_MD_CTX_new()) {
    EVP_MD_CTX_copy_ex(context_.get(), other.context_.get());
  }
  Sha256& operator=(const Sha256& other) {
    EVP_MD_CTX_copy_ex(context_.get(), other.context_.get());
    return *this;
  }

  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  // Of all so far, as 64 hexadecimal digits.
  std::string text() const {
    Sha256 copy(*this);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(copy.context_.get(), digest, &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      constexpr std::string_view digits = "0123456789abcdef";
      text += {digits[digest[i] >> 4], digits[digest[i] & 15]};
    }
    return text;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace cubby::client
