// Whether a server that echoes read a stream of requests as the strict reader reads it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/limits.hpp"
#include "net/http_handler.hpp"
#include "tests/support/strict_http.hpp"
#include "wire/rest_response.hpp"

namespace cubby::wire {

// Answers with what it understood, whatever the target is.
class ExactEcho final : public HttpHandler {
 public:
  static std::string text_for(std::string_view target, std::string_view body) {
    return std::string(target) + "\n" + std::string(body);
  }

  Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller&) override {
    body.allow(limits::request_body_bytes_max_unauthenticated);
    std::string all;
    while (true) {
      const auto piece = co_await body.read();
      if (!piece) co_return error_response("", piece.error());
      if (piece->empty()) break;
      all += *piece;
    }
    Response response;
    response.content_type = "text/plain";
    response.body = text_for(head.target, all);
    co_return response;
  }

  Response refusal(const Error& error) override { return error_response("", error); }
};

// What the strict reader makes of a whole stream: requests, and how it goes on after them.
struct StrictStream {
  std::vector<StrictReading> requests;
  StrictReading rest;      // refused or incomplete
  bool is_at_end = false;  // there is none, or nobody reads it

  static StrictStream read(const StrictReader& reader, std::string_view bytes) {
    StrictStream stream;
    while (!bytes.empty()) {
      StrictReading reading = reader.read(bytes);
      if (reading.outcome != StrictReading::Outcome::request) {
        stream.rest = std::move(reading);
        return stream;
      }
      bytes.remove_prefix(reading.size);
      const bool is_last = reading.is_last;
      stream.requests.push_back(std::move(reading));
      if (is_last) break;
    }
    stream.is_at_end = true;
    return stream;
  }
};

struct ReceivedAnswer {
  unsigned status = 0;
  std::string body;
};

// Throws std::runtime_error if the bytes are anything but whole answers.
inline std::vector<ReceivedAnswer> split_answers(std::string_view bytes, const StrictStream& stream) {
  std::vector<ReceivedAnswer> answers;
  while (!bytes.empty()) {
    const auto end = bytes.find("\r\n\r\n");
    if (!bytes.starts_with("HTTP/1.1 ") || end == bytes.npos)
      throw std::runtime_error("no answer begins here");
    const std::string_view head = bytes.substr(0, end);
    bytes.remove_prefix(end + 4);
    const auto status = static_cast<unsigned>(std::stoul(std::string(head.substr(9, 3))));
    if (status == 100) continue;
    constexpr std::string_view length_name = "\r\ncontent-length: ";
    const auto at = head.find(length_name);
    if (at == head.npos) throw std::runtime_error("an answer without its length");
    const bool is_head =
        answers.size() < stream.requests.size() && stream.requests[answers.size()].method == "HEAD";
    // What the method of a refused request was, only the server knows: no body comes with the refusal of a
    // HEAD.
    const bool may_be_head = answers.size() >= stream.requests.size() && bytes.empty();
    const std::size_t size =
        is_head || may_be_head ? 0 : std::stoul(std::string(head.substr(at + length_name.size())));
    if (bytes.size() < size) throw std::runtime_error("an answer breaks off");
    answers.push_back({status, std::string(bytes.substr(0, size))});
    bytes.remove_prefix(size);
  }
  return answers;
}

// For any handler: no 5xx, and no more answers than requests, but for one that refuses what follows them.
// What is wrong; empty: nothing.
inline std::string find_disorder(const StrictStream& stream, const std::vector<ReceivedAnswer>& answers) {
  for (const ReceivedAnswer& answer : answers) {
    if (answer.status < 200 || answer.status >= 500) return "status " + std::to_string(answer.status);
  }
  const std::size_t count = stream.requests.size();
  if (answers.size() <= count + (stream.is_at_end ? 0 : 1)) return {};
  return std::to_string(answers.size()) + " answers to " + std::to_string(count) + " requests";
}

// For ExactEcho: each request is answered, as it was sent, and nothing else is served.
inline std::string find_disagreement(const StrictStream& stream, const std::vector<ReceivedAnswer>& answers) {
  if (auto disorder = find_disorder(stream, answers); !disorder.empty()) return disorder;
  for (std::size_t i = 0; i < stream.requests.size(); ++i) {
    const StrictReading& request = stream.requests[i];
    if (i == answers.size()) return "not answered: " + request.target;
    if (answers[i].status != 200) return "refused: " + request.target + ": " + answers[i].body;
    const bool is_as_sent =
        request.method == "HEAD" || answers[i].body == ExactEcho::text_for(request.target, request.body);
    if (!is_as_sent) return "understood: " + answers[i].body;
  }
  const bool is_more_served =
      answers.size() > stream.requests.size() && answers[stream.requests.size()].status < 400;
  return is_more_served ? "served, but: " + (stream.rest.why.empty() ? "incomplete" : stream.rest.why) : "";
}

}  // namespace cubby::wire
