#include "net/socket_stream.hpp"

#include <netinet/in.h>
#include <poll.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>

#include "core/limits.hpp"
#include "core/use_task.hpp"

namespace cubby {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr std::size_t small_input_bytes = 4 * limits::KiB;

}  // namespace

SocketStream::SocketStream(Socket socket) : socket_(std::move(socket)) {
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);  // fails on a unix socket, which needs it not
}

std::optional<Address> SocketStream::peer() const {
  ErrorCode error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (error) return std::nullopt;
  if (endpoint.protocol().family() == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, endpoint.data(), sizeof v4);
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return Address::from_v4(bytes);
  }
  if (endpoint.protocol().family() == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, endpoint.data(), sizeof v6);
    Address::Bytes bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return Address(bytes);
  }
  return std::nullopt;
}

void SocketStream::check_deadline(SteadyTime now) {
  if (now < deadline_) return;
  has_timed_out_ = true;
  deadline_ = SteadyTime::max();
  ErrorCode ignored;
  socket_.cancel(ignored);
}

void SocketStream::abort() {
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.cancel(ignored);
}

std::string_view SocketStream::input() const {
  const auto bytes = input_.cdata();
  return {static_cast<const char*>(bytes.data()), bytes.size()};
}

void SocketStream::consume(std::size_t count) {
  input_.consume(count);
}

Error SocketStream::failure(const ErrorCode& error) const {
  return fail(error == asio::error::operation_aborted && has_timed_out_ ? Errc::request_timed_out
                                                                        : Errc::client_gone);
}

Task<Result<void>> SocketStream::receive(std::size_t bytes_max) {
  has_timed_out_ = false;
  const auto [error, count] = co_await socket_.async_read_some(input_.prepare(bytes_max), use_task);
  if (error) co_return failure(error);
  input_.commit(count);
  co_return Result<void>{};
}

Task<Result<void>> SocketStream::send(std::string_view first, std::string_view second,
                                      std::chrono::steady_clock::duration patience) {
  has_timed_out_ = false;
  while (!first.empty() || !second.empty()) {
    const std::array buffers{asio::buffer(first), asio::buffer(second)};
    ErrorCode error;
    std::size_t sent =
        second.empty() ? socket_.write_some(asio::buffer(first), error) : socket_.write_some(buffers, error);
    if (error == asio::error::would_block || error == asio::error::try_again) {
      const auto begin = std::chrono::steady_clock::now();
      set_deadline(begin, patience);
      std::tie(error, sent) = co_await socket_.async_write_some(buffers, use_task);
      waited_to_send_ += std::chrono::steady_clock::now() - begin;
    }
    if (error) co_return failure(error);
    const auto of_first = std::min(sent, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(sent - of_first);
  }
  co_return Result<void>{};
}

Task<void> SocketStream::yield() {
  co_await asio::post(socket_.get_executor(), use_task);
}

Task<void> SocketStream::linger(std::size_t bytes_max, std::chrono::steady_clock::duration patience) {
  ErrorCode error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) co_return;
  set_deadline(patience);
  std::size_t total = 0;
  do {
    input_.clear();
    if (!co_await receive(limits::body_piece_bytes)) co_return;
    total += input_.size();
  } while (total < bytes_max);
}

Task<bool> SocketStream::closes_within(std::chrono::milliseconds time) {
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;
  Timer timer(socket_.get_executor(), time);
  co_await timer.async_wait(use_task);
  pollfd state{socket_.native_handle(), POLLRDHUP, 0};
  co_return ::poll(&state, 1, 0) > 0;
}

void SocketStream::shrink_input() {
  if (input_.size() == 0 && input_.capacity() > small_input_bytes) input_ = {};
}

}  // namespace cubby
