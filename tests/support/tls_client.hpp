// A client as in wire_client.hpp, over TLS, which sees how its records travel.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "tests/support/wire_client.hpp"

namespace cubby::wire {

struct TlsClientSettings {
  int version_min = TLS1_2_VERSION;
  int version_max = TLS1_3_VERSION;
  std::string protocols{};  // for ALPN, each with its length before it
  std::optional<std::filesystem::path> certificate{};
  std::optional<std::filesystem::path> key{};
};

class TlsClient : public Client {
 public:
  // Nothing is sent yet. `ca` is the file of whom it trusts.
  TlsClient(const std::string& address, const std::filesystem::path& ca,
            const TlsClientSettings& settings = {})
      : Client(address),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        session_(nullptr, SSL_free) {
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_security_level(context, 0);  // it offers what the server must refuse
    check(SSL_CTX_set_min_proto_version(context, settings.version_min) &&
          SSL_CTX_set_max_proto_version(context, settings.version_max) &&
          SSL_CTX_load_verify_file(context, ca.c_str()));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (settings.certificate) {
      check(SSL_CTX_use_certificate_file(context, settings.certificate->c_str(), SSL_FILETYPE_PEM) &&
            SSL_CTX_use_PrivateKey_file(context, settings.key->c_str(), SSL_FILETYPE_PEM));
    }
    session_.reset(SSL_new(context));
    check(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_.get()), "127.0.0.1"));
    if (!settings.protocols.empty()) {
      SSL_set_alpn_protos(session_.get(), reinterpret_cast<const unsigned char*>(settings.protocols.data()),
                          static_cast<unsigned>(settings.protocols.size()));
    }
    SSL_set_bio(session_.get(), in_ = BIO_new(BIO_s_mem()), out_ = BIO_new(BIO_s_mem()));
    SSL_set_connect_state(session_.get());
  }

  // False if the server refused. Under TLS 1.3 it may still do so behind the client's back.
  bool handshake() {
    return until_done([this] { return SSL_do_handshake(session_.get()); });
  }

  // What the client would send next: the records of these bytes.
  std::string encrypted(std::string_view bytes) {
    check(SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0);
    return take_output();
  }

  void send(std::string_view bytes) override { send_raw(encrypted(bytes)); }

  // Asks for the handshake again, as TLS 1.2 can. False if that was refused.
  bool renegotiate() { return SSL_renegotiate(session_.get()) == 1 && handshake(); }

  // Whether the stream has ended in order.
  bool was_told_of_the_end() const { return (SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

  // Resumes this session on a connection of its own.
  void resume(const TlsClient& other) {
    session_state_.reset(SSL_get1_session(other.session_.get()));
    check(SSL_set_session(session_.get(), session_state_.get()));
  }
  bool is_resumed() const { return SSL_session_reused(session_.get()) == 1; }

  std::string protocol() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(session_.get(), &chosen, &size);
    return {reinterpret_cast<const char*>(chosen), size};
  }
  std::string version() const { return SSL_get_version(session_.get()); }
  long server_serial() const {
    return ASN1_INTEGER_get(X509_get0_serialNumber(SSL_get0_peer_certificate(session_.get())));
  }

  // Why the last step failed.
  std::string reason() const {
    const char* const text = ERR_reason_error_string(error_);
    return text ? text : "the connection ended";
  }

 protected:
  bool receive_some() override {
    char bytes[64 * 1024];
    int count = 0;
    const bool has_some = until_done([&] { return count = SSL_read(session_.get(), bytes, sizeof bytes); });
    if (has_some) input_.append(bytes, static_cast<std::size_t>(count));
    return has_some;
  }

 private:
  static void check(long done) {
    if (done != 1) throw std::runtime_error("cannot set up a TLS client");
  }

  std::string take_output() {
    std::string bytes(BIO_ctrl_pending(out_), '\0');
    if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }

  // Moves records until `step` is done; false if it fails or the stream ends.
  template <class Step>
  bool until_done(Step step) {
    while (true) {
      ERR_clear_error();
      const int result = step();
      const int state = SSL_get_error(session_.get(), result);
      error_ = ERR_peek_error();
      send_raw(take_output());
      if (result > 0) return true;
      if (state != SSL_ERROR_WANT_READ) return false;
      std::string records;
      if (!receive_raw(records)) return false;
      BIO_write(in_, records.data(), static_cast<int>(records.size()));
    }
  }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> session_;
  struct FreeSession {
    void operator()(SSL_SESSION* state) const { SSL_SESSION_free(state); }
  };
  std::unique_ptr<SSL_SESSION, FreeSession> session_state_;
  BIO* in_ = nullptr;   // the session's
  BIO* out_ = nullptr;  // the session's
  unsigned long error_ = 0;
};

}  // namespace cubby::wire
