// The router in memory: requests without a transport, bodies in odd pieces.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "net/http_handler.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/wire_message.hpp"

namespace cubby::wire {

// A body whose pieces grow and shrink, each in memory of its own that is freed at the next read, so that ASan
// sees a view that was kept too long.
class OddPiecesBody final : public RequestBody {
 public:
  explicit OddPiecesBody(std::string_view bytes) : bytes_(bytes) {}

  void allow(std::uint64_t bytes_max) override { bytes_max_ = bytes_max; }
  void keep_all() override {}
  Result<void> hold(std::size_t) override { return {}; }

  Task<Result<std::string_view>> read() override {
    const std::size_t size = std::min(next_size_, bytes_.size());
    next_size_ = next_size_ > 50'000 ? 1 : 1 + next_size_ * 5 / 3;
    count_ += size;
    if (count_ > bytes_max_) co_return fail(Errc::request_too_large);
    piece_ = std::make_unique<char[]>(size);
    std::copy_n(bytes_.data(), size, piece_.get());
    bytes_.remove_prefix(size);
    co_return std::string_view(piece_.get(), size);
  }

  Task<bool> client_leaves_within(std::chrono::milliseconds) override { co_return false; }

 private:
  std::string_view bytes_;
  std::uint64_t bytes_max_ = 0;
  std::uint64_t count_ = 0;
  std::size_t next_size_ = 1;
  std::unique_ptr<char[]> piece_;
};

class MemoryTarget final : public Target {
 public:
  explicit MemoryTarget(HttpHandler& handler) : handler_(handler) {}

  Answer exchange(const Request& request) override {
    const RequestHead head = head_of(request);
    OddPiecesBody body(request.body);
    return answer_of(head, run(handler_.handle(head, body, caller_)));
  }

  void finish() override {}

 private:
  static RequestHead head_of(const Request& request) {
    RequestHead head;
    constexpr std::pair<std::string_view, Method> methods[] = {{"GET", Method::get},
                                                               {"HEAD", Method::head},
                                                               {"PUT", Method::put},
                                                               {"POST", Method::post},
                                                               {"DELETE", Method::delete_}};
    for (const auto& [name, method] : methods) {
      if (request.method == name) head.method = method;
    }
    head.method_text = request.method;
    head.target = request.target;
    head.authorization = find_header(request.headers, "authorization");
    head.auth_email = find_header(request.headers, "x-auth-email");
    head.auth_key = find_header(request.headers, "x-auth-key");
    head.content_type = find_header(request.headers, "content-type");
    head.host = find_header(request.headers, "host").value_or("cubby.test");
    head.origin = find_header(request.headers, "origin");
    head.if_none_match = find_header(request.headers, "if-none-match");
    head.is_chunked = find_header(request.headers, "transfer-encoding").has_value();
    head.asks_to_upgrade = find_header(request.headers, "upgrade").has_value();
    head.binding_namespace = find_header(request.headers, "cubby-namespace");
    head.binding_metadata = find_header(request.headers, "cf-kv-metadata");
    head.proxied_url = find_header(request.headers, "mf-url");
    head.proxied_metadata = find_header(request.headers, "mf-header-cf-kv-metadata");
    return head;
  }

  // As the connection would send it.
  static Answer answer_of(const RequestHead& head, Response response) {
    Answer answer{response.status, response.reason, {}, {}, false};
    if (!response.content_type.empty()) answer.headers.emplace_back("content-type", response.content_type);
    for (const auto& [name, value] : response.headers) answer.headers.emplace_back(name, value);
    const std::uint64_t length = response.content_length();
    if (response.status != 304) answer.headers.emplace_back("content-length", std::to_string(length));
    if (head.method == Method::head || response.status == 304) return answer;
    answer.body = response.first_piece();
    while (response.rest) {
      const auto piece = run(response.rest->read()).value();
      if (piece.empty()) break;
      answer.body += piece;
    }
    if (answer.body.size() != length) throw std::logic_error("the content-length is not that of the body");
    return answer;
  }

  HttpHandler& handler_;
  RememberedCaller caller_;
};

}  // namespace cubby::wire
