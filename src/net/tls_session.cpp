#include "net/tls_session.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace cubby {

void TlsSession::Free::operator()(SSL* session) const {
  SSL_free(session);
}

IoStep TlsSession::handshake() {
  ERR_clear_error();
  return step_after(SSL_accept(session_.get()));
}

IoStep TlsSession::read(char* to, std::size_t bytes_max, std::size_t& count) {
  ERR_clear_error();
  return step_after(SSL_read_ex(session_.get(), to, bytes_max, &count));
}

IoStep TlsSession::write(std::string_view& first, std::string_view& second) {
  // What fits goes out as one record: two would be two system calls. Never more than one: OpenSSL keeps to
  // itself which of several it has sent when it has to wait, and then takes no fewer bytes than those.
  thread_local std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> joined;
  std::string_view bytes = first.substr(0, joined.size());
  if (!second.empty() && first.size() < joined.size()) {
    const std::size_t of_second = std::min(second.size(), joined.size() - first.size());
    first.copy(joined.data(), first.size());
    second.copy(joined.data() + first.size(), of_second);
    bytes = {joined.data(), first.size() + of_second};
  }
  std::size_t count = 0;
  const IoStep step = write_record(bytes, count);
  const std::size_t of_first = std::min(count, first.size());
  first.remove_prefix(of_first);
  second.remove_prefix(count - of_first);
  return step;
}

IoStep TlsSession::write_record(std::string_view bytes, std::size_t& count) {
  if (bytes.empty()) return IoStep::done;
  ERR_clear_error();
  const IoStep step = step_after(SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count));
  is_writing_ = step != IoStep::done;
  return step;
}

void TlsSession::close() {
  if (is_broken_ || is_writing_ || !SSL_is_init_finished(session_.get())) return;
  ERR_clear_error();
  SSL_shutdown(session_.get());
}

IoStep TlsSession::step_after(int result) {
  if (result > 0) return IoStep::done;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return IoStep::needs_input;
    case SSL_ERROR_WANT_WRITE:
      return IoStep::needs_output;
    case SSL_ERROR_ZERO_RETURN:
      return IoStep::failed;
    default:
      is_broken_ = true;
      remember_failure();
      return IoStep::failed;
  }
}

void TlsSession::remember_failure() {
  const int system_error = errno;
  const unsigned long error = ERR_peek_error();
  has_met_plain_http_ = ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
  if (const char* const reason = ERR_reason_error_string(error))
    failure_ = reason;
  else
    failure_ = system_error != 0 ? std::strerror(system_error) : "the connection ended";
}

}  // namespace cubby
