#include "net/connection.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <cctype>
#include <charconv>
#include <ctime>
#include <random>

#include "core/limits.hpp"
#include "net/request_log.hpp"
#include "wire/error_table.hpp"
#include "wire/names.hpp"

namespace cubby {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// After so many pipelined requests in a row, others on the loop get a turn.
constexpr unsigned requests_per_turn = 32;

// What no budget counts of an answer, since every connection has it.
constexpr std::size_t uncounted_answer_bytes = 16 * limits::KiB;

// How much is read of a head at once.
constexpr std::size_t head_read_bytes = 4 * limits::KiB;

// So small a body is sent in the buffer of the head: a copy costs less than a second buffer costs the kernel.
constexpr std::size_t copied_body_bytes_max = 1 * limits::KiB;

void append_number(std::string& text, std::uint64_t number) {
  char digits[20];
  text.append(digits, std::to_chars(digits, std::end(digits), number).ptr);
}

std::string_view date_now() {
  // One text a second and thread; the loops are threads.
  thread_local std::time_t formatted = 0;
  thread_local char text[32];
  thread_local std::size_t size = 0;
  if (const std::time_t now = std::time(nullptr); now != formatted) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    formatted = now;
  }
  return {text, size};
}

const std::string id_header_name = "\r\n" + std::string(names::header::request_id) + ": ";

// What the ids of a connection's requests begin with.
std::string random_prefix() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  char digits[16];
  char* const end = std::to_chars(digits, std::end(digits), random() >> 16, 16).ptr;
  return std::string(digits, static_cast<std::size_t>(end - digits)) + "-";
}

}  // namespace

Connection::Connection(SocketStream stream, HttpHandler& handler, const ConnectionRules& rules,
                       Traffic& traffic, MemoryBudget& memory, Admission admission)
    : stream_(std::move(stream)),
      handler_(handler),
      rules_(rules),
      traffic_(traffic),
      memory_(memory),
      admission_(admission),
      id_header_(id_header_name + random_prefix()),
      id_header_prefix_(id_header_.size()),
      now_(std::chrono::steady_clock::now()) {
  caller_.address = stream_.peer();
  traffic_.connections_opened.add();
}

std::optional<SteadyTime> Connection::idle_since(const ConnectionRules& rules) const {
  const bool is_eligible = is_idle_ && !is_finishing_ && admission_ == Admission::served &&
                           &rules == &rules_ && rules.idle_at_stop == ConnectionRules::AtStop::end;
  if (!is_eligible) return std::nullopt;
  return now_;
}

void Connection::finish() {
  is_finishing_ = true;
  if (!is_idle_ || rules_.idle_at_stop != ConnectionRules::AtStop::end) return;
  // Who has connected without a request yet, or has sent one, did so before the stop.
  if (!has_served_) return stream_.set_deadline(patience_.linger);
  if (!stream_.has_input()) end_idle();
}

void Connection::end_idle() {
  is_finishing_ = true;
  stream_.close_tls();
  stream_.abort();
}

Task<void> Connection::run() {
  if (stream_.is_tls() && !co_await begin_tls()) co_return;
  unsigned served = 0;
  const bool ends_at_stop = rules_.idle_at_stop == ConnectionRules::AtStop::end;
  while (keeps_alive_ && !(is_finishing_ && ends_at_stop && has_served_)) {
    if (!co_await serve_one()) co_return stream_.close_tls();
    if (++served % requests_per_turn == 0) co_await stream_.yield();
  }
  co_await stream_.linger(limits::MiB, patience_.linger);
}

Task<Result<void>> Connection::serve_one() {
  parser_.emplace(rules_.head_bytes_max);
  parser_->eager(false);
  auto read = co_await read_head();
  if (read && admission_ == Admission::refused) read = fail(Errc::overloaded, "connections");
  if (!read) {
    const bool is_answerable = read.error().code != Errc::client_gone && !is_idle_;
    if (!is_answerable) co_return read.error();
    co_return co_await refuse(read.error());
  }
  begin_ = std::chrono::steady_clock::now();
  name_request();
  parser_->eager(true);
  ConnectionBody body(stream_, *parser_, memory_, traffic_, rules_);
  Response response = co_await answer(body);
  if (const auto held = hold_answer(response); !held) response = handler_.refusal(held.error());
  bool is_reusable = body.is_at_end();
  if (!is_reusable) is_reusable = co_await body.discard_rest();
  keeps_alive_ = is_reusable && parser_->is_persistent();
  const RequestKind kind = response.kind;
  const unsigned status = response.status;
  auto written = co_await write(std::move(response));
  account_for(kind, status, body.waited());
  parser_.reset();
  give_memory_back();
  is_idle_ = true;
  has_served_ = true;
  co_return written;
}

// Operators are answered when there is no memory left, for then they ask; the console's files take none.
Result<void> Connection::hold_answer(const Response& response) {
  const std::size_t bytes = response.first_piece().size();
  if (bytes <= uncounted_answer_bytes || response.kind == RequestKind::operations) return {};
  return memory_.hold(bytes);
}

// Answers what is no request, and ends the connection.
Task<Result<void>> Connection::refuse(const Error& error) {
  keeps_alive_ = false;
  begin_ = std::chrono::steady_clock::now();
  name_request();
  Response refused = handler_.refusal(error);
  const unsigned status = refused.status;
  auto written = co_await write(std::move(refused));
  account_for(RequestKind::other, status, {});
  stream_.consume(stream_.input().size());
  give_memory_back();
  co_return written;
}

void Connection::give_memory_back() {
  // Assigning an empty string would keep the memory.
  if (head_in_.capacity() > uncounted_input_bytes) std::string().swap(head_in_);
  stream_.shrink_input();
  memory_.release();
}

// False if the connection has ended instead.
Task<bool> Connection::begin_tls() {
  // A stop, or the limit of connections, does not wait as long.
  const bool is_brief = is_finishing_ || admission_ == Admission::refused;
  stream_.set_deadline(now_, is_brief ? patience_.linger : patience_.head);
  const auto begun = co_await stream_.handshake();
  now_ = std::chrono::steady_clock::now();
  if (begun) co_return true;
  traffic_.tls_failures.add();
  if (begun.error().code == Errc::request_malformed) {
    parser_.emplace(rules_.head_bytes_max);
    if (!co_await refuse(begun.error())) co_return false;
  }
  // The client reads what is wrong, in its own protocol.
  co_await stream_.linger(limits::MiB, patience_.linger);
  co_return false;
}

Task<Result<void>> Connection::read_head() {
  constexpr std::string_view end_mark = "\r\n\r\n";
  std::size_t searched = 0;
  std::size_t counted = uncounted_input_bytes;
  std::size_t end = 0;
  while ((end = stream_.input().find(end_mark, searched)) == std::string_view::npos) {
    const std::size_t size = stream_.input().size();
    if (size >= rules_.head_bytes_max) co_return fail(Errc::request_head_too_large);
    // Another protocol, such as TLS: its client waits for an answer, not for the end of a head.
    if (size > 0 && !std::isalpha(static_cast<unsigned char>(stream_.input().front()))) {
      is_idle_ = false;
      co_return fail(Errc::request_malformed, "no method");
    }
    searched = size - std::min(size, end_mark.size() - 1);
    for (; size >= counted; counted += head_read_bytes) {
      if (auto held = memory_.hold_for_stranger(head_read_bytes); !held) co_return held;
    }
    if (size == 0)
      stream_.set_deadline(
          now_, admission_ == Admission::served && !is_finishing_ ? patience_.idle : patience_.linger);
    else if (std::exchange(is_idle_, false))
      stream_.set_deadline(patience_.head);
    if (auto received = co_await stream_.receive(head_read_bytes); !received) co_return received;
  }
  is_idle_ = false;
  end += end_mark.size();
  if (end > rules_.head_bytes_max) co_return fail(Errc::request_head_too_large);
  head_in_ = stream_.input().substr(0, end);
  stream_.consume(end);
  traffic_.bytes_in.add(end);
  co_return parse_head();
}

Result<void> Connection::parse_head() {
  boost::beast::error_code error;
  if (rules_.accepts_delete_byte) parser_->hide_delete_bytes(head_in_);
  parser_->put(asio::buffer(head_in_), error);
  if (error == http::error::header_limit) return fail(Errc::request_head_too_large);
  if (!error && !parser_->is_header_done()) error = http::error::partial_message;
  if (error) return fail(Errc::request_malformed, error.message());
  if (auto reason = parser_->refusal()) return fail(Errc::request_malformed, std::move(*reason));
  return {};
}

Task<Response> Connection::answer(ConnectionBody& body) {
  std::string what;
  try {
    co_return co_await handler_.handle(parser_->head(), body, caller_);
  } catch (const std::exception& error) {
    what = error.what();
  }
  spdlog::error("request {} ended in an exception: {}", *parser_->head().request_id, what);
  co_return handler_.refusal(fail(Errc::internal));
}

// The log and the client know the request by the same name: the client's, if it gave a harmless one.
void Connection::name_request() {
  const auto& given = parser_->head().request_id;
  if (given && is_request_id(*given)) {
    has_own_id_ = false;
    return;
  }
  id_header_.resize(id_header_prefix_);
  append_number(id_header_, ++requests_count_);
  has_own_id_ = true;
  parser_->set_request_id(std::string_view(id_header_).substr(id_header_name.size()));
}

void Connection::account_for(RequestKind kind, unsigned status, SteadyTime::duration waited_for_body) {
  now_ = std::chrono::steady_clock::now();
  const auto took = now_ - begin_;
  traffic_.count(rules_.dialect, kind, status, took);
  // Refused credentials are answered late on purpose, and are in the log as what they are.
  const bool is_slow = took >= rules_.slow_after && status != 401 && status != 403;
  if (is_slow || logs_each_request()) {
    log_request(is_slow ? spdlog::level::warn : spdlog::level::debug,
                {.what = is_slow ? "slow request" : "request",
                 .head = parser_->head(),
                 .dialect = rules_.dialect,
                 .kind = kind,
                 .status = status,
                 .took = took,
                 .waited_for_client = waited_for_body + stream_.waited_to_send() - waited_before_});
  }
  waited_before_ = stream_.waited_to_send();
}

void Connection::format_head(const Response& response) {
  head_out_ = "HTTP/1.1 ";
  append_number(head_out_, response.status);
  head_out_ += ' ';
  if (response.reason.empty())
    head_out_ += http::obsolete_reason(static_cast<http::status>(response.status));
  else
    head_out_ += response.reason;
  head_out_ += "\r\ndate: ";
  head_out_ += date_now();
  if (!response.content_type.empty()) {
    head_out_ += "\r\ncontent-type: ";
    head_out_ += response.content_type;
  }
  for (const auto& [name, value] : response.headers) {
    head_out_ += "\r\n";
    head_out_ += name;
    head_out_ += ": ";
    head_out_ += value;
  }
  if (response.status != 304) {
    head_out_ += "\r\ncontent-length: ";
    append_number(head_out_, response.content_length());
  }
  if (has_own_id_)
    head_out_ += id_header_;
  else
    head_out_.append(id_header_name).append(*parser_->head().request_id);
  head_out_ += keeps_alive_ ? "\r\n\r\n" : "\r\nconnection: close\r\n\r\n";
}

Task<Result<void>> Connection::write(Response response) {
  keeps_alive_ = keeps_alive_ && !is_finishing_;
  format_head(response);
  const bool has_body = parser_->head().method != Method::head;
  std::string_view body = has_body ? response.first_piece() : std::string_view();
  if (body.size() <= copied_body_bytes_max) {
    head_out_ += body;
    body = {};
  }
  traffic_.bytes_out.add(head_out_.size() + body.size());
  if (auto sent = co_await stream_.send(head_out_, body, patience_.write); !sent) co_return sent;
  response.pinned_body = {};  // a slow reader keeps one piece
  while (has_body && response.rest) {
    const auto piece = co_await response.rest->read();
    if (!piece) {
      // The length is promised and the rest is not to be had: cutting the connection is the only honest
      // answer left.
      spdlog::error("a value ended in mid-reply: {}", error_text(piece.error()));
      stream_.abort();
      co_return piece.error();
    }
    if (piece->empty()) break;
    traffic_.bytes_out.add(piece->size());
    if (auto sent = co_await stream_.send(*piece, {}, patience_.write); !sent) co_return sent;
  }
  co_return Result<void>{};
}

}  // namespace cubby
