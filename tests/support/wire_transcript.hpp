// A transcript as data, and its parser. The format is described in tests/wire/README.md.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/wire_text.hpp"

namespace cubby::wire {

// All texts are as written: they are expanded when they are used.

struct Expectation {
  enum class Kind {
    error,           // subject: code; text: message
    reason,          // text
    header_equals,   // subject: name
    header_present,  // subject: name
    header_absent,   // subject: name
    body_equals,     // text
    body_contains,   // text
    body_lacks,      // text
    json_equals,     // subject: path; text: JSON
    json_present,    // subject: path
    json_absent,     // subject: path
    json_count,      // subject: path; text: how many
    save_header,     // subject: name; text: variable
    save_json,       // subject: path; text: variable
  };
  Kind kind;
  std::string subject;
  std::string text;
  int line = 0;
};

struct Exchange {
  int line = 0;
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool has_body = false;
  bool expects_continue = false;
  unsigned status = 0;
  std::vector<Expectation> expectations;
};

struct Advance {
  std::chrono::seconds by;
};
// Whose token is sent from here on.
struct As {
  std::string who;
};
// What stands before each target from here on.
struct Base {
  std::string prefix;
};
// What Cubby-Namespace says from here on; empty: it is not sent.
struct InNamespace {
  std::string name;
};
using Step = std::variant<Exchange, Advance, As, Base, InNamespace>;

struct Transcript {
  std::string title;
  bool is_for_socket_only = false;
  std::vector<Step> steps;
};

class TranscriptParser {
 public:
  // Throws TranscriptError, with the number of the line.
  static Transcript parse(std::istream& text) {
    TranscriptParser parser;
    std::string line;
    try {
      while (std::getline(text, line)) parser.take(line);
      parser.finish_exchange();
      if (parser.transcript_.steps.empty()) throw TranscriptError("nothing happens");
    } catch (const TranscriptError& error) {
      throw TranscriptError("line " + std::to_string(parser.line_) + ": " + error.what());
    }
    return std::move(parser.transcript_);
  }

 private:
  enum class At { between, request_head, request_body, answer };

  void take(std::string_view line) {
    if (++line_ == 1) return take_title(line);
    if (line.starts_with('>')) return take_request(line);
    if (line.starts_with('<')) return take_answer(line);
    finish_exchange();
    if (line.empty() || line.starts_with('#')) return;
    take_directive(line);
  }

  void take_title(std::string_view line) {
    if (!line.starts_with("# ")) throw TranscriptError("the first line must be `# ` and a title");
    transcript_.title = line.substr(2);
  }

  void take_directive(std::string_view line) {
    const auto space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    const std::string rest(line.substr(std::min(space + 1, line.size())));
    if (word == "only" && rest == "socket")
      transcript_.is_for_socket_only = true;
    else if (word == "as")
      transcript_.steps.emplace_back(As{rest});
    else if (word == "base")
      transcript_.steps.emplace_back(Base{rest});
    else if (word == "namespace")
      transcript_.steps.emplace_back(InNamespace{rest});
    else if (word == "advance" && rest.ends_with('s'))
      transcript_.steps.emplace_back(
          Advance{std::chrono::seconds(number_in(rest.substr(0, rest.size() - 1)))});
    else
      throw TranscriptError("unknown directive: " + std::string(line));
  }

  // Without its mark and the one space after it.
  static std::string_view content_of(std::string_view line, std::size_t mark_size) {
    line.remove_prefix(mark_size);
    if (line.empty()) return line;
    if (!line.starts_with(' ')) throw TranscriptError("a space is due after the mark");
    return line.substr(1);
  }

  void take_request(std::string_view line) {
    if (at_ == At::answer) finish_exchange();
    if (at_ == At::between) return take_request_line(content_of(line, 1));
    if (at_ == At::request_head) return take_request_header(content_of(line, 1));
    const bool ends_with_crlf = line.starts_with(">>");
    exchange_.body += content_of(line, ends_with_crlf ? 2 : 1);
    if (ends_with_crlf) exchange_.body += "\\r\\n";
  }

  void take_request_line(std::string_view line) {
    const auto space = line.find(' ');
    if (space == line.npos) throw TranscriptError("METHOD TARGET is due");
    exchange_ = {};
    exchange_.line = line_;
    exchange_.method = line.substr(0, space);
    exchange_.target = line.substr(space + 1);
    at_ = At::request_head;
  }

  void take_request_header(std::string_view line) {
    if (line.empty()) {
      exchange_.has_body = true;
      at_ = At::request_body;
      return;
    }
    const auto colon = line.find(": ");
    if (colon == line.npos) throw TranscriptError("`name: value` is due, or a bare `>` before the body");
    exchange_.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }

  void take_answer(std::string_view line) {
    if (at_ == At::between) throw TranscriptError("an answer without a request");
    const std::string_view content = content_of(line, 1);
    const bool is_status = content.size() == 3 && content.find_first_not_of("0123456789") == content.npos;
    at_ = At::answer;
    if (is_status && content == "100")
      exchange_.expects_continue = true;
    else if (is_status && exchange_.status == 0)
      exchange_.status = static_cast<unsigned>(number_in(content));
    else if (exchange_.status == 0)
      throw TranscriptError("a status is due");
    else
      exchange_.expectations.push_back(expectation_in(content));
  }

  Expectation expectation_in(std::string_view line) const {
    using Kind = Expectation::Kind;
    const auto expect = [&](Kind kind, std::string_view subject, std::string_view text = {}) {
      return Expectation{kind, std::string(subject), std::string(text), line_};
    };
    if (line.starts_with("error ")) {
      const auto [code, message] = split(line.substr(6), " ");
      return expect(Kind::error, code, message);
    }
    if (line.starts_with("reason ")) return expect(Kind::reason, {}, line.substr(7));
    if (line.starts_with("save ")) {
      const auto [variable, source] = split(line.substr(5), " = ");
      if (source.starts_with("header ")) return expect(Kind::save_header, source.substr(7), variable);
      return expect(Kind::save_json, path_in(source), variable);
    }
    if (line == "body =") return expect(Kind::body_equals, {});
    if (line.starts_with("body = ")) return expect(Kind::body_equals, {}, line.substr(7));
    if (line.starts_with("body contains ")) return expect(Kind::body_contains, {}, line.substr(14));
    if (line.starts_with("body lacks ")) return expect(Kind::body_lacks, {}, line.substr(11));
    if (line.starts_with("body.")) return json_expectation_in(line);
    if (line.ends_with(" present")) return expect(Kind::header_present, line.substr(0, line.size() - 8));
    if (line.ends_with(" absent")) return expect(Kind::header_absent, line.substr(0, line.size() - 7));
    const auto [name, value] = split(line, ": ");
    return expect(Kind::header_equals, name, value);
  }

  Expectation json_expectation_in(std::string_view line) const {
    using Kind = Expectation::Kind;
    const auto [path, rest] = split(line, " ");
    const auto expect = [&](Kind kind, std::string_view text = {}) {
      return Expectation{kind, path_in(path), std::string(text), line_};
    };
    if (rest.starts_with("= ")) return expect(Kind::json_equals, rest.substr(2));
    if (rest.starts_with("count ")) return expect(Kind::json_count, rest.substr(6));
    if (rest == "present") return expect(Kind::json_present);
    if (rest == "absent") return expect(Kind::json_absent);
    throw TranscriptError("unknown expectation: " + std::string(line));
  }

  static std::string path_in(std::string_view text) {
    if (!text.starts_with("body.")) throw TranscriptError("`body.PATH` is due: " + std::string(text));
    return std::string(text.substr(5));
  }

  static std::pair<std::string_view, std::string_view> split(std::string_view line, std::string_view mark) {
    const auto at = line.find(mark);
    if (at == line.npos) throw TranscriptError("unknown expectation: " + std::string(line));
    return {line.substr(0, at), line.substr(at + mark.size())};
  }

  static long number_in(std::string_view text) {
    long number = 0;
    const char* const end = text.data() + text.size();
    if (text.empty() || std::from_chars(text.data(), end, number).ptr != end) {
      throw TranscriptError("a number is due: " + std::string(text));
    }
    return number;
  }

  void finish_exchange() {
    if (at_ == At::between) return;
    if (exchange_.status == 0) throw TranscriptError("a request without an answer");
    transcript_.steps.emplace_back(std::move(exchange_));
    at_ = At::between;
  }

  Transcript transcript_;
  Exchange exchange_;
  At at_ = At::between;
  int line_ = 0;
};

inline Transcript parse_transcript(const std::string& text) {
  std::istringstream stream(text);
  return TranscriptParser::parse(stream);
}

inline Transcript load_transcript(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw TranscriptError("cannot read " + path.string());
  return TranscriptParser::parse(stream);
}

}  // namespace cubby::wire
