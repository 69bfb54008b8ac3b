// A handler for tests of connections: it says what reached it.
#pragma once

#include <future>
#include <stdexcept>
#include <string>

#include "core/limits.hpp"
#include "net/http_handler.hpp"
#include "wire/rest_response.hpp"

namespace cubby::wire {

// Answers the target and the body that it read, or why it could not.
class EchoHandler final : public HttpHandler {
 public:
  std::uint64_t body_bytes_max = limits::request_body_bytes_max_unauthenticated;

  Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller&) override {
    body.allow(body_bytes_max);
    if (head.target == "/throw") throw std::runtime_error("on purpose");
    if (head.target == "/unread") co_return text_response("unread");
    if (head.target == "/large") co_return text_response(std::string(64 * limits::MiB, 'x'));
    if (head.target == "/pieces") co_return response_in_pieces(false);
    if (head.target == "/breaks") co_return response_in_pieces(true);
    if (head.target == "/started") started.set_value();
    std::string text = std::string(head.target) + " ";
    while (true) {
      const auto piece = co_await body.read();
      if (!piece) co_return error_response("", piece.error());
      if (piece->empty()) co_return text_response(std::move(text));
      text += *piece;
    }
  }

  Response refusal(const Error& error) override { return error_response("", error); }

  std::promise<void> started;  // by a request for /started, of which there is one

 private:
  // As a large value is sent, of which only a piece is in memory.
  class Pieces final : public ByteSource {
   public:
    explicit Pieces(bool breaks) : breaks_(breaks) {}

    Task<Result<std::string_view>> read() override {
      if (count_ == 2 && breaks_) co_return fail(Errc::storage_corrupt, "a piece");
      if (count_ == 0) co_return std::string_view{};
      --count_;
      co_return std::string_view(piece_);
    }
    std::uint64_t bytes() const { return count_ * piece_.size(); }

   private:
    const bool breaks_;  // near its end
    std::size_t count_ = 32;
    const std::string piece_ = std::string(limits::value_piece_bytes, 'x');
  };

  static Response response_in_pieces(bool breaks) {
    auto pieces = std::make_unique<Pieces>(breaks);
    Response response;
    response.content_type = "text/plain";
    response.body_bytes = pieces->bytes();
    response.rest = std::move(pieces);
    return response;
  }

  static Response text_response(std::string text) {
    Response response;
    response.content_type = "text/plain";
    response.body = std::move(text);
    return response;
  }
};

}  // namespace cubby::wire
