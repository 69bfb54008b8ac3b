// The certificate that listeners show, from the operator's files.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "core/error.hpp"
#include "net/tls_session.hpp"

using SSL_CTX = struct ssl_ctx_st;

namespace cubby {

// In PEM form.
struct TlsFiles {
  std::filesystem::path certificate;  // the server's own first, then those that lead to a root
  std::filesystem::path key;          // without a passphrase
  std::optional<std::filesystem::path>
      client_ca{};  // set: clients must show a certificate that it has signed
};

// TLS 1.2 and 1.3, with forward secrecy; http/1.1 where a client asks for a protocol by ALPN; no
// renegotiation. Methods may be called from any thread.
class TlsContext {
 public:
  // Reads the files, and logs which certificate it is and what is unsafe about them. Errors: internal, with a
  // sentence for the operator (a file that cannot be read or is not what it should be, a key that belongs to
  // another certificate).
  static Result<std::unique_ptr<TlsContext>> open(TlsFiles files);

  // Reads the files again. Who connects from here on gets what they hold now; open connections go on as they
  // are. Errors: those of `open`; then nothing changes.
  Result<void> reload();

  // For a connection that was accepted.
  std::unique_ptr<TlsSession> begin(int descriptor) const;

 private:
  using Settings = std::shared_ptr<SSL_CTX>;

  explicit TlsContext(TlsFiles files) : files_(std::move(files)) {}
  Result<Settings> read_files() const;

  const TlsFiles files_;
  mutable std::mutex mutex_;
  Settings settings_;  // guarded by mutex_
};

}  // namespace cubby
