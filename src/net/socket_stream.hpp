// A connected socket, plain or under TLS, with a deadline and an input buffer.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "core/address.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "net/tls_session.hpp"
#include "net/turnstile.hpp"

namespace cubby {

using SteadyTime = std::chrono::steady_clock::time_point;

// Lives on one loop; used by one coroutine at a time. There is no timer of its own: the loop's tick calls
// `check_deadline` about once a second, which costs a request nothing.
class SocketStream {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, LoopExecutor>;

  // `tls` is of this socket, or null for a plain stream. `turnstile` is of its loop.
  SocketStream(Socket socket, std::unique_ptr<TlsSession> tls, Turnstile& turnstile);

  // Under TLS, which comes before everything else; nothing to do on a plain stream. Needs a deadline, which
  // holds for the whole. Errors: client_gone (whatever went wrong: it is logged), request_timed_out,
  // request_malformed (the client speaks plain HTTP: so does the stream from here on, for one answer).
  Task<Result<void>> handshake();
  bool is_tls() const { return tls_ != nullptr; }

  // Where the other end is; nothing for a unix socket.
  std::optional<Address> peer() const;

  // Until when the next operation, or several, must be done.
  void set_deadline(std::chrono::steady_clock::duration from_now) {
    deadline_ = std::chrono::steady_clock::now() + from_now;
  }

  void set_deadline(SteadyTime now, std::chrono::steady_clock::duration from_now) {
    deadline_ = now + from_now;
  }

  // How long sends have waited for the client, together.
  std::chrono::steady_clock::duration waited_to_send() const { return waited_to_send_; }

  // Cancels the operation under way, and says so, if its deadline has passed; it answers request_timed_out.
  bool check_deadline(SteadyTime now);

  // Ends the operation under way and every later one with client_gone. Under TLS the client sees that this is
  // no orderly end.
  void abort();

  // Bytes that were received and not yet consumed. A view until the next `receive`.
  std::string_view input() const;
  void consume(std::size_t count);

  // Waits for bytes and adds them to the input; at most `bytes_max` at once.
  // Errors: client_gone (also at the end of the stream), request_timed_out.
  Task<Result<void>> receive(std::size_t bytes_max);

  // Sends both, in one system call if they are small and the socket takes them; what is large goes through
  // the turnstile. Each progress starts the deadline anew. Errors: client_gone, request_timed_out.
  Task<Result<void>> send(std::string_view first, std::string_view second,
                          std::chrono::steady_clock::duration patience);

  // Under TLS: tells the client that the end is meant, unless an answer is on its way.
  void close_tls();

  // Lets whatever else is ready on the loop have its turn.
  Task<void> yield();

  // Tells the client that nothing follows, and reads on for a moment: closing with unread bytes would make
  // the kernel reset the connection, and the client might lose the answer.
  Task<void> linger(std::size_t bytes_max, std::chrono::steady_clock::duration patience);

  // Waits this long, and says whether the client has closed the connection or its own side of it by then.
  Task<bool> closes_within(std::chrono::milliseconds time);

  // Whether bytes of the client are here, or the end of what it sends.
  bool has_input();

  // Gives the memory of a grown buffer back that little is left in.
  void shrink_input();

 private:
  Error failure(const boost::system::error_code& error) const;
  // Of both, what the socket takes or one record holds. `done`: some was sent.
  IoStep send_some(std::string_view& first, std::string_view& second);
  IoStep send_for_one_turn(std::string_view& first, std::string_view& second);
  Task<Result<void>> send_in_turns(IoStep step, std::string_view first, std::string_view second,
                                   std::chrono::steady_clock::duration patience);
  Task<Result<void>> receive_plain(std::size_t bytes_max);
  Task<Result<void>> receive_by_tls(std::size_t bytes_max);
  Task<Result<void>> wait_for(IoStep need);

  Socket socket_;
  std::unique_ptr<TlsSession> tls_;  // null: plain
  Turnstile* turnstile_;
  unsigned reads_in_a_row_ = 0;  // under TLS, that did not wait
  boost::beast::flat_buffer input_;
  SteadyTime deadline_ = SteadyTime::max();
  std::chrono::steady_clock::duration waited_to_send_{};
  bool has_timed_out_ = false;
  bool is_aborted_ = false;
};

}  // namespace cubby
