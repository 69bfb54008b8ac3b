// Whether an answer is what a transcript expects.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/wire_message.hpp"
#include "tests/support/wire_transcript.hpp"

namespace cubby::wire {

// Why an expectation is not met; empty if it is.
using Complaint = std::string;

class AnswerCheck {
 public:
  AnswerCheck(const Answer& answer, Variables& variables) : answer_(answer), variables_(variables) {}

  // Saves what the expectation asks to be saved. Throws TranscriptError.
  Complaint check(const Expectation& expectation) {
    using Kind = Expectation::Kind;
    const std::string text = expand(expectation.text, variables_);
    const std::string& subject = expectation.subject;
    switch (expectation.kind) {
      case Kind::error:
        return check_error(subject, text);
      case Kind::reason:
        return answer_.reason == text ? "" : "the reason is " + answer_.reason;
      case Kind::header_equals:
      case Kind::header_present:
      case Kind::header_absent:
        return check_header(expectation.kind, subject, text);
      case Kind::body_equals:
        return answer_.body == text ? "" : "the body is " + shown(answer_.body);
      case Kind::body_contains:
        return contains(text) ? "" : "not in the body " + shown(answer_.body);
      case Kind::body_lacks:
        return contains(text) ? "in the body " + shown(answer_.body) : "";
      case Kind::json_equals:
      case Kind::json_present:
      case Kind::json_absent:
      case Kind::json_count:
        return check_json(expectation.kind, subject, text);
      case Kind::save_header:
        return save(text, find_header(answer_.headers, subject));
      case Kind::save_json:
        return save(text, text_at(subject));
    }
    return "unknown expectation";
  }

  // What holds for every answer of the binding.
  Complaint check_binding_form() const {
    const bool is_error = answer_.status >= 400;
    if (is_error && !answer_.body.empty()) return "an error with a body: " + shown(answer_.body);
    if (answer_.status < 200 || (answer_.status >= 300 && !is_error))
      return "a status that Workers do not know";
    for (const char* name : {"content-encoding", "transfer-encoding", "trailer", "location"}) {
      if (find_header(answer_.headers, name)) return std::string("a header that must not come: ") + name;
    }
    return {};
  }

  // What holds for every answer of the REST API.
  Complaint check_rest_form() const {
    const bool is_json = find_header(answer_.headers, "content-type") == "application/json";
    const bool is_error = answer_.status >= 400;
    if (is_error && !is_json) return "an error that is not JSON";
    if (answer_.status == 405 && !find_header(answer_.headers, "allow")) return "a 405 without Allow";
    if (!is_json || answer_.body.empty()) return {};
    if (!answer_.body.starts_with("{\"result\":")) return "no envelope: " + shown(answer_.body);
    if (is_error)
      return contains("{\"result\":null,\"success\":false,\"errors\":[{\"code\":")
                 ? ""
                 : "no envelope of an error";
    return contains(",\"success\":true,\"errors\":[],\"messages\":[") ? "" : "no envelope of a success";
  }

 private:
  using Json = boost::json::value;

  static std::string shown(const std::string& body) {
    return body.size() <= 2000 ? body
                               : body.substr(0, 2000) + "… (" + std::to_string(body.size()) + " bytes)";
  }

  bool contains(const std::string& text) const { return answer_.body.find(text) != std::string::npos; }

  static std::optional<Json> parse(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = 4096;
    boost::system::error_code error;
    Json parsed = boost::json::parse(text, error, {}, options);
    if (error) return std::nullopt;
    return parsed;
  }

  Complaint check_error(const std::string& code, const std::string& message) {
    for (const auto& [path, json] :
         {std::pair<std::string, std::string>{"success", "false"},
          {"result", "null"},
          {"messages", "[]"},
          {"errors.0.code", code},
          {"errors.0.message", boost::json::serialize(boost::json::string(message))}}) {
      const Complaint complaint = check_json(Expectation::Kind::json_equals, path, json);
      if (!complaint.empty()) return complaint;
    }
    return {};
  }

  Complaint check_header(Expectation::Kind kind, const std::string& name, const std::string& text) const {
    const auto header = find_header(answer_.headers, name);
    if (kind == Expectation::Kind::header_absent) return header ? "the header is there: " + *header : "";
    if (!header) return "the header is not there";
    if (kind == Expectation::Kind::header_present) return {};
    return *header == text ? "" : "the header is " + *header;
  }

  Complaint check_json(Expectation::Kind kind, const std::string& path, const std::string& text) {
    const Json* const found = find(path);
    if (!document_) return "the body is not JSON: " + shown(answer_.body);
    if (kind == Expectation::Kind::json_absent)
      return found ? "it is there: " + shown(serialize(*found)) : "";
    if (!found) return "it is not there: " + shown(answer_.body);
    if (kind == Expectation::Kind::json_present) return {};
    if (kind == Expectation::Kind::json_count) {
      const std::size_t count = found->is_array()    ? found->get_array().size()
                                : found->is_object() ? found->get_object().size()
                                                     : 1;
      return std::to_string(count) == text ? "" : "there are " + std::to_string(count);
    }
    const auto expected = parse(text);
    if (!expected) throw TranscriptError("the expected text is not JSON");
    return *found == *expected ? "" : "it is " + shown(serialize(*found));
  }

  // The next segment of a path: to the next dot, or in quotes.
  static std::string take_segment(std::string_view& path) {
    const bool is_quoted = path.starts_with('"');
    const auto end = is_quoted ? path.find('"', 1) : path.find('.');
    const std::string segment(is_quoted ? path.substr(1, end - 1) : path.substr(0, end));
    path.remove_prefix(end == path.npos ? path.size() : is_quoted ? end + 1 : end);
    if (path.starts_with('.')) path.remove_prefix(1);
    return segment;
  }

  const Json* find(std::string_view path) {
    if (!document_) document_ = parse(answer_.body);
    const Json* at = document_ ? &*document_ : nullptr;
    while (at && !path.empty()) {
      const std::string segment = take_segment(path);
      if (const auto* const object = at->if_object()) {
        at = object->if_contains(segment);
        continue;
      }
      std::size_t index = 0;
      const auto* const array = at->if_array();
      const char* const end = segment.data() + segment.size();
      const bool is_index = array && std::from_chars(segment.data(), end, index).ptr == end;
      at = is_index && index < array->size() ? &(*array)[index] : nullptr;
    }
    return at;
  }

  std::optional<std::string> text_at(std::string_view path) {
    const Json* const found = find(path);
    if (!found) return std::nullopt;
    return found->is_string() ? std::string(found->get_string()) : serialize(*found);
  }

  Complaint save(const std::string& variable, std::optional<std::string> text) {
    if (!text) return "there is nothing to save";
    variables_[variable] = *std::move(text);
    return {};
  }

  const Answer& answer_;
  Variables& variables_;
  std::optional<Json> document_;
};

}  // namespace cubby::wire
