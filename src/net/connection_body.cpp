#include "net/connection_body.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>

namespace cubby {

namespace http = boost::beast::http;

bool ConnectionBody::is_at_end() const {
  return !failure_ && parser_.is_done() && next_piece_ == parser_.body_pieces().size() && parsed_ == 0;
}

Task<Result<std::string_view>> ConnectionBody::read() {
  while (!failure_) {
    auto& pieces = parser_.body_pieces();
    if (next_piece_ < pieces.size()) co_return count(pieces[next_piece_++]);
    pieces.clear();
    next_piece_ = 0;
    stream_.consume(std::exchange(parsed_, 0));
    if (parser_.is_done()) co_return std::string_view{};
    if (const auto parsed = co_await parse_more(); !parsed) failure_ = parsed.error();
  }
  co_return *failure_;
}

Task<bool> ConnectionBody::client_leaves_within(std::chrono::milliseconds time) {
  return stream_.closes_within(time);
}

Task<bool> ConnectionBody::discard_rest() {
  // A client that waits for a 100 sends nothing if it gets another answer.
  if (!has_asked_for_body_ && parser_.expects_continue() && stream_.input().empty()) co_return false;
  // What is dropped is not held, so this may go on where there was no memory to keep it.
  is_dropping_ = true;
  read_bytes_ = first_read_bytes;
  if (failure_ && failure_->code == Errc::overloaded) failure_.reset();
  const auto until = std::chrono::steady_clock::now() + rules_.patience.unread;
  while (std::chrono::steady_clock::now() < until) {
    const auto piece = co_await read();
    if (!piece) co_return false;
    if (piece->empty()) co_return true;
  }
  co_return false;
}

Result<std::string_view> ConnectionBody::count(std::string_view piece) {
  bytes_count_ += piece.size();
  traffic_.bytes_in.add(piece.size());
  if (bytes_count_ > bytes_max_) {
    failure_ = fail(Errc::request_too_large);
    return *failure_;
  }
  if (const auto held = hold_what_is_kept(); !held) {
    failure_ = held.error();
    return *failure_;
  }
  return piece;
}

Result<void> ConnectionBody::hold_what_is_kept() {
  const auto kept =
      keeps_all_ ? bytes_count_ : std::min<std::uint64_t>(bytes_count_, limits::value_piece_bytes);
  if (kept <= held_bytes_ + uncounted_input_bytes || is_dropping_) return {};
  auto held = hold(kept - held_bytes_);
  if (held) held_bytes_ = kept;
  return held;
}

Task<Result<void>> ConnectionBody::parse_more() {
  if (stream_.input().empty() || needs_more_) {
    if (auto received = co_await receive_more(); !received) co_return received;
  }
  // Beast asserts that what it calls incomplete comes back with the five bytes that a body's end has at
  // least.
  if (needs_more_ && stream_.input().size() < 5) co_return Result<void>{};
  boost::beast::error_code error;
  parsed_ = parser_.put(boost::asio::buffer(stream_.input()), error);
  needs_more_ = error == http::error::need_more;
  if (error && !needs_more_) co_return fail(Errc::request_malformed, error.message());
  co_return Result<void>{};
}

Task<Result<void>> ConnectionBody::receive_more() {
  if (auto asked = co_await ask_for_body(); !asked) co_return asked;
  // The parser has the exact limits, but takes a chunk's head and the trailer in one piece only.
  if (stream_.input().size() > 2 * limits::request_head_bytes_max)
    co_return fail(Errc::request_malformed, "a chunk's head or the trailer is too long");
  const auto begin = std::chrono::steady_clock::now();
  stream_.set_deadline(begin, rules_.patience.body);
  const std::size_t had = stream_.input().size();
  auto received = co_await stream_.receive(read_bytes_);
  if (stream_.input().size() - had == read_bytes_ && !is_dropping_)
    read_bytes_ = std::min(2 * read_bytes_, limits::body_piece_bytes);
  waited_ += std::chrono::steady_clock::now() - begin;
  co_return received;
}

Task<Result<void>> ConnectionBody::ask_for_body() {
  const bool is_due = parser_.expects_continue() && rules_.sends_continue;
  if (std::exchange(has_asked_for_body_, true) || !is_due) co_return Result<void>{};
  co_return co_await stream_.send("HTTP/1.1 100 Continue\r\n\r\n", {}, rules_.patience.write);
}

}  // namespace cubby
