#include "net/socket_stream.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <spdlog/spdlog.h>

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
constexpr std::size_t large_input_bytes = 32 * limits::KiB;

// The copy of more into the kernel is worth a turn of its own, and while others wait no turn copies more.
constexpr std::size_t sent_at_once_max = 64 * limits::KiB;

// After so many records that were there already, others on the loop get a turn.
constexpr unsigned tls_reads_per_turn = 16;

}  // namespace

SocketStream::SocketStream(Socket socket, std::unique_ptr<TlsSession> tls, Turnstile& turnstile)
    : socket_(std::move(socket)), tls_(std::move(tls)), turnstile_(&turnstile) {
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

bool SocketStream::check_deadline(SteadyTime now) {
  if (now < deadline_) return false;
  has_timed_out_ = true;
  deadline_ = SteadyTime::max();
  ErrorCode ignored;
  socket_.cancel(ignored);
  return true;
}

void SocketStream::abort() {
  is_aborted_ = true;
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

Task<Result<void>> SocketStream::wait_for(IoStep need) {
  const auto what = need == IoStep::needs_input ? Socket::wait_read : Socket::wait_write;
  const auto [error] = co_await socket_.async_wait(what, use_task);
  if (error) co_return failure(error);
  // The deadline may have passed between the event and our turn, and watches no longer.
  if (has_timed_out_) co_return fail(Errc::request_timed_out);
  co_return Result<void>{};
}

Task<Result<void>> SocketStream::handshake() {
  has_timed_out_ = false;
  while (tls_) {
    co_await turnstile_->pass();  // the step may be the one that signs
    if (is_aborted_) co_return fail(Errc::client_gone);
    if (has_timed_out_) co_return fail(Errc::request_timed_out);
    const IoStep step = tls_->handshake();
    if (step == IoStep::done) break;
    if (step == IoStep::failed) {
      const auto address = peer();
      spdlog::debug("no TLS with {}: {}", address ? address->text() : "a client", tls_->failure());
      if (!tls_->has_met_plain_http()) co_return fail(Errc::client_gone);
      tls_.reset();
      co_return fail(Errc::request_malformed, "plain HTTP where TLS is spoken: use https");
    }
    if (const auto waited = co_await wait_for(step); !waited) co_return waited;
  }
  co_return Result<void>{};
}

Task<Result<void>> SocketStream::receive(std::size_t bytes_max) {
  return tls_ ? receive_by_tls(bytes_max) : receive_plain(bytes_max);
}

Task<Result<void>> SocketStream::receive_by_tls(std::size_t bytes_max) {
  has_timed_out_ = false;
  if (++reads_in_a_row_ % tls_reads_per_turn == 0) co_await yield();
  if (has_timed_out_) co_return fail(Errc::request_timed_out);
  const auto buffer = input_.prepare(bytes_max);
  std::size_t count = 0;
  IoStep step = IoStep::done;
  while ((step = tls_->read(static_cast<char*>(buffer.data()), buffer.size(), count)) != IoStep::done) {
    if (step == IoStep::failed) co_return fail(Errc::client_gone);
    if (const auto waited = co_await wait_for(step); !waited) co_return waited;
    reads_in_a_row_ = 0;
  }
  input_.commit(count);
  co_return Result<void>{};
}

Task<Result<void>> SocketStream::receive_plain(std::size_t bytes_max) {
  has_timed_out_ = false;
  const auto [error, count] = co_await socket_.async_read_some(input_.prepare(bytes_max), use_task);
  if (error) co_return failure(error);
  // As in wait_for: what was there already comes in a later turn of the loop.
  if (has_timed_out_) co_return fail(Errc::request_timed_out);
  input_.commit(count);
  co_return Result<void>{};
}

// Mostly the socket takes all at once, and nothing needs a coroutine.
Task<Result<void>> SocketStream::send(std::string_view first, std::string_view second,
                                      std::chrono::steady_clock::duration patience) {
  while (!first.empty() || !second.empty()) {
    const bool is_large = first.size() + second.size() > sent_at_once_max;
    const IoStep step = is_large ? IoStep::done : send_some(first, second);
    if (is_large || step != IoStep::done) return send_in_turns(step, first, second, patience);
  }
  return Task<Result<void>>::ready(Result<void>{});
}

Task<Result<void>> SocketStream::send_in_turns(IoStep step, std::string_view first, std::string_view second,
                                               std::chrono::steady_clock::duration patience) {
  while (true) {
    if (step == IoStep::failed) co_return fail(Errc::client_gone);
    if (step != IoStep::done) {
      has_timed_out_ = false;  // an older deadline may have passed before this turn
      const auto begin = std::chrono::steady_clock::now();
      set_deadline(begin, patience);
      const auto waited = co_await wait_for(step);
      waited_to_send_ += std::chrono::steady_clock::now() - begin;
      if (!waited) co_return waited;
    }
    if (first.empty() && second.empty()) co_return Result<void>{};
    co_await turnstile_->pass();
    step = send_for_one_turn(first, second);
  }
}

IoStep SocketStream::send_for_one_turn(std::string_view& first, std::string_view& second) {
  const std::size_t all = first.size() + second.size();
  const std::size_t bytes = turnstile_->others_wait() ? std::min(all, sent_at_once_max) : all;
  std::string_view of_first = first.substr(0, bytes);
  std::string_view of_second = second.substr(0, bytes - of_first.size());
  IoStep step = IoStep::done;
  while (step == IoStep::done && !(of_first.empty() && of_second.empty()))
    step = send_some(of_first, of_second);
  const std::size_t sent = bytes - of_first.size() - of_second.size();
  const std::size_t sent_of_first = std::min(sent, first.size());
  first.remove_prefix(sent_of_first);
  second.remove_prefix(sent - sent_of_first);
  return step;
}

IoStep SocketStream::send_some(std::string_view& first, std::string_view& second) {
  if (tls_) return tls_->write(first, second);
  const std::array buffers{asio::buffer(first), asio::buffer(second)};
  ErrorCode error;
  const std::size_t sent =
      second.empty() ? socket_.write_some(asio::buffer(first), error) : socket_.write_some(buffers, error);
  if (error == asio::error::would_block || error == asio::error::try_again) return IoStep::needs_output;
  if (error) return IoStep::failed;
  const auto of_first = std::min(sent, first.size());
  first.remove_prefix(of_first);
  second.remove_prefix(sent - of_first);
  return IoStep::done;
}

void SocketStream::close_tls() {
  if (tls_) tls_->close();
}

Task<void> SocketStream::yield() {
  co_await asio::post(socket_.get_executor(), use_task);
}

Task<void> SocketStream::linger(std::size_t bytes_max, std::chrono::steady_clock::duration patience) {
  close_tls();
  ErrorCode error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) co_return;
  set_deadline(patience);
  std::size_t total = 0;
  do {
    input_.clear();
    if (!co_await receive_plain(limits::body_piece_bytes)) co_return;
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

bool SocketStream::has_input() {
  pollfd state{socket_.native_handle(), POLLIN, 0};
  return input_.size() > 0 || ::poll(&state, 1, 0) > 0;
}

void SocketStream::shrink_input() {
  const bool is_worth_a_copy = input_.capacity() > large_input_bytes && input_.size() < input_.capacity() / 4;
  const bool is_empty = input_.size() == 0 && input_.capacity() > small_input_bytes;
  if (is_empty || is_worth_a_copy) input_.shrink_to_fit();
}

}  // namespace cubby
