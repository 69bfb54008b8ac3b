// One connection's TLS, over a socket that somebody else owns and waits for.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

using SSL = struct ssl_st;

namespace cubby {

// How far an attempt at input or output came.
enum class IoStep {
  done,          // something has moved
  needs_input,   // again, when the socket has bytes to read
  needs_output,  // again, when the socket takes bytes
  failed,        // the stream has ended, in order or not
};

// Never waits. Used by one thread at a time.
class TlsSession {
 public:
  // `session` knows its socket, which is non-blocking and outlives this. REQUIRES: SIGPIPE is ignored.
  explicit TlsSession(SSL* session) : session_(session) {}

  // Until it is done, nothing else is called.
  IoStep handshake();

  // Done: `count` bytes stand at `to`.
  IoStep read(char* to, std::size_t bytes_max, std::size_t& count);

  // Done: takes off what was sent, at most a record (16 KiB). A caller that is told to try again gives the
  // same bytes again; how many follow them may have changed.
  IoStep write(std::string_view& first, std::string_view& second);

  // Tells the other end that the end of the stream is meant (close_notify), unless something was on its way;
  // best effort.
  void close();

  // Why the handshake failed: for the log.
  const std::string& failure() const { return failure_; }

  // Whether it failed for the client began with HTTP instead.
  bool has_met_plain_http() const { return has_met_plain_http_; }

 private:
  struct Free {
    void operator()(SSL* session) const;
  };

  IoStep write_record(std::string_view bytes, std::size_t& count);
  IoStep step_after(int result);
  void remember_failure();

  std::unique_ptr<SSL, Free> session_;
  std::string failure_;
  bool has_met_plain_http_ = false;
  bool is_broken_ = false;
  bool is_writing_ = false;  // a record is partly on its way
};

}  // namespace cubby
