// A server on a port of its own, asked over TCP: small messages byte by byte, connections kept as long as the
// server keeps them.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include "net/http_server.hpp"
#include "tests/support/wire_client.hpp"
#include "tests/support/wire_message.hpp"

namespace cubby::wire {

class SocketTarget final : public Target {
 public:
  explicit SocketTarget(HttpHandler& handler, const ConnectionRules& rules = {}) {
    address_ = server_.listen({.handler = handler, .rules = rules}).value();
    server_.start();
  }

  Answer exchange(const Request& request) override {
    if (!client_) client_.emplace(address_);
    const std::string head = head_text(request);
    const std::string body = is_chunked(request) ? chunked(request.body) : request.body;
    const bool is_small = head.size() + body.size() <= byte_by_byte_max;
    send(head, is_small);
    const bool asks_first = find_header(request.headers, "expect").has_value();
    const bool may_send_body = !asks_first || client_->is_told_to_continue();
    if (may_send_body) send(body, is_small);
    Answer answer = client_->read_answer(request.method);
    answer.was_told_to_continue = asks_first && may_send_body;
    if (find_header(answer.headers, "connection") == "close") {
      expect_end();
      client_.reset();
    }
    return answer;
  }

  void finish() override {
    if (!client_) return;
    client_->finish_sending();
    expect_end();
  }

 private:
  static constexpr std::size_t byte_by_byte_max = 64 * 1024;

  static bool is_chunked(const Request& request) {
    const auto coding = find_header(request.headers, "transfer-encoding");
    return coding == "chunked" || coding == "Chunked";
  }

  static std::string head_text(const Request& request) {
    std::string head = request.method + " " + request.target + " HTTP/1.1\r\n";
    if (!find_header(request.headers, "host")) head += "Host: cubby.test\r\n";
    for (const auto& [name, value] : request.headers) head += name + ": " + value + "\r\n";
    const bool has_length = find_header(request.headers, "transfer-encoding").has_value() ||
                            find_header(request.headers, "content-length").has_value();
    if (request.has_body && !has_length)
      head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    return head + "\r\n";
  }

  // Chunks of growing sizes, one with an extension, and a trailer.
  static std::string chunked(std::string_view body) {
    std::string text;
    for (std::size_t size = 1; !body.empty(); size = size * 3 + 1) {
      const std::string_view chunk = body.substr(0, size);
      char digits[16];
      text.append(digits, std::to_chars(digits, digits + sizeof digits, chunk.size(), 16).ptr);
      text += text.size() == 1 ? ";name=value\r\n" : "\r\n";
      text.append(chunk) += "\r\n";
      body.remove_prefix(chunk.size());
    }
    return text + "0\r\nx-trailer: ignored\r\n\r\n";
  }

  void send(const std::string& bytes, bool is_small) {
    if (is_small)
      client_->send_byte_by_byte(bytes);
    else
      client_->send(bytes);
  }

  void expect_end() {
    const std::string more = client_->read_to_end();
    if (!more.empty()) throw std::runtime_error("bytes after the last answer: " + more);
  }

  HttpServer server_{1};
  std::string address_;
  std::optional<Client> client_;
};

}  // namespace cubby::wire
