// A second, plain reading of RFC 9112, to hold the server's against: where it is in doubt it refuses.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cubby::wire {

// What the server takes although the grammar does not have it, each for a reason.
struct Leniencies {
  // Bytes of a target that URLs should escape. WHATWG's URLs, which workerd and browsers send, leave some of
  // `[ ] ^ | { } \ `` as they are; curl sends everything as it was typed.
  bool raw_target_bytes = false;
  // An absolute target says which host is meant (workerd's `style = proxy` sends no Host beside it).
  bool absolute_target_without_host = false;
  // The byte 0x7F in the value of a header: workerd puts metadata there as it is.
  bool delete_byte_in_values = false;

  static Leniencies of_rest() { return {true, true, false}; }
  static Leniencies of_binding() { return {true, true, true}; }
};

struct StrictReading {
  enum class Outcome {
    request,     // a whole one
    refused,     // no request begins like this
    incomplete,  // more bytes might make one
  };

  Outcome outcome = Outcome::incomplete;
  std::string why{};  // refused
  std::string method{};
  std::string target{};
  std::string body{};
  std::size_t size = 0;  // of the request
  bool is_last = false;  // the client wants no other on this connection
};

// Reads the request that `bytes` begin with. Stricter than the grammar, as the server is: a line ends in
// CRLF, no empty line comes first, a method begins with a letter, the version is 1.0 or 1.1, and what says
// twice how long a body is is refused even where both agree.
class StrictReader {
 public:
  StrictReader(const Leniencies& leniencies, std::size_t head_bytes_max)
      : leniencies_(leniencies), head_bytes_max_(head_bytes_max) {}

  StrictReading read(std::string_view bytes) const {
    StrictReading reading;
    const auto refuse = [&](std::string why) {
      reading.outcome = StrictReading::Outcome::refused;
      reading.why = std::move(why);
      return reading;
    };
    if (bytes.empty()) return reading;
    if (!is_letter(bytes.front())) return refuse("no method");
    const auto end = bytes.find("\r\n\r\n");
    if (end == bytes.npos) return bytes.size() > head_bytes_max_ ? refuse("a long head") : reading;
    if (end + 4 > head_bytes_max_) return refuse("a long head");
    Head head;
    if (auto why = read_head(bytes.substr(0, end + 2), head)) return refuse(*why);
    reading.method = head.method;
    reading.target = head.target;
    reading.is_last = head.is_last;
    std::string_view rest = bytes.substr(end + 4);
    std::optional<std::string> why;
    const bool is_whole = head.is_chunked ? read_chunks(rest, reading.body, why)
                                          : read_length(rest, head.length.value_or(0), reading.body);
    if (why) return refuse(*why);
    if (!is_whole) return reading;
    reading.size = bytes.size() - rest.size();
    reading.outcome = StrictReading::Outcome::request;
    return reading;
  }

 private:
  using Refusal = std::optional<std::string>;

  struct Head {
    std::string method, target;
    bool is_1_1 = false;
    bool is_chunked = false;
    bool is_last = false;
    unsigned hosts = 0;
    std::optional<std::uint64_t> length;
  };

  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_token_character(char c) {
    return is_letter(c) || is_digit(c) ||
           (c != 0 && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
  }
  static bool is_token(std::string_view text) {
    for (const char c : text) {
      if (!is_token_character(c)) return false;
    }
    return !text.empty();
  }
  static bool is_blank(char c) { return c == ' ' || c == '\t'; }
  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
  }
  static bool equals(std::string_view a, std::string_view lower) {
    if (a.size() != lower.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] + 32) : a[i];
      if (c != lower[i]) return false;
    }
    return true;
  }

  // Takes the line and its CRLF away. Nothing: no line is there.
  static std::optional<std::string_view> take_line(std::string_view& text) {
    const auto end = text.find("\r\n");
    if (end == text.npos) return std::nullopt;
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 2);
    return line;
  }

  bool is_target_byte(char c) const {
    if (is_letter(c) || is_digit(c)) return true;
    if (c != 0 && std::string_view("-._~:/?@!$&'()*+,;=%").find(c) != std::string_view::npos) return true;
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0x7F) return leniencies_.delete_byte_in_values;  // the price of how these are read
    return leniencies_.raw_target_bytes && byte > ' ' && c != '#';
  }

  Refusal read_target(std::string_view target, std::string_view method) const {
    for (const char c : target) {
      if (!is_target_byte(c)) return "a byte in the target";
    }
    const bool is_path = target.starts_with('/') || (target == "*" && method == "OPTIONS");
    if (!is_path && !is_absolute(target) && method != "CONNECT") return "the form of the target";
    return std::nullopt;
  }

  static bool is_absolute(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
      if (!equals(target.substr(0, scheme.size()), scheme)) continue;
      const auto host = target.substr(scheme.size());
      return !host.empty() && !host.starts_with('/') && !host.starts_with('?');
    }
    return false;
  }

  Refusal read_head(std::string_view text, Head& head) const {
    const std::string_view line = *take_line(text);
    const auto first = line.find(' ');
    const auto second = line.find(' ', first + 1);
    if (first == line.npos || second == line.npos) return "no request line";
    head.method = line.substr(0, first);
    head.target = line.substr(first + 1, second - first - 1);
    const auto version = line.substr(second + 1);
    if (!is_token(head.method)) return "the method";
    if (auto why = read_target(head.target, head.method)) return why;
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return "the version";
    head.is_1_1 = version == "HTTP/1.1";
    head.is_last = !head.is_1_1;
    while (!text.empty()) {
      if (auto why = read_field(*take_line(text), head)) return why;
    }
    if (head.is_chunked && head.length) return "a length with chunked";
    if (head.is_chunked && !head.is_1_1) return "chunked in HTTP/1.0";
    const bool may_lack_host =
        !head.is_1_1 || (leniencies_.absolute_target_without_host && is_absolute(head.target));
    if (head.hosts == 0 && !may_lack_host) return "no Host";
    return std::nullopt;
  }

  // A line without its name is a fold of the one before, which is refused like any line without a name.
  static Refusal split_field(std::string_view line, std::string_view& name, std::string_view& value,
                             bool takes_delete_byte) {
    const auto colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon))) return "a header's name";
    name = line.substr(0, colon);
    value = trimmed(line.substr(colon + 1));
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      const bool is_taken = byte == 0x7F ? takes_delete_byte : byte >= ' ' || c == '\t';
      if (!is_taken) return "a byte in a header";
    }
    return std::nullopt;
  }

  // A name or an address in brackets, and maybe a port.
  static bool is_host(std::string_view value) {
    constexpr std::string_view digits = "0123456789";
    constexpr std::string_view in_address = "0123456789abcdefABCDEF:.";
    constexpr std::string_view in_name =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;=";
    const auto colon = value.rfind(':');
    const auto bracket = value.rfind(']');
    if (colon != value.npos && (bracket == value.npos || colon > bracket)) {
      if (value.substr(colon + 1).find_first_not_of(digits) != value.npos) return false;
      value = value.substr(0, colon);
    }
    if (!value.starts_with('[')) return value.find_first_not_of(in_name) == value.npos;
    return value.size() >= 2 && value.ends_with(']') &&
           value.substr(1, value.size() - 2).find_first_not_of(in_address) == value.npos;
  }

  Refusal read_field(std::string_view line, Head& head) const {
    std::string_view name;
    std::string_view value;
    if (auto why = split_field(line, name, value, leniencies_.delete_byte_in_values)) return why;
    if (equals(name, "host") && ++head.hosts > 1) return "two Hosts";
    if (equals(name, "host") && !is_host(value)) return "a host";
    if (equals(name, "content-length")) {
      if (head.length) return "two lengths";
      std::uint64_t length = 0;
      const char* const end = value.data() + value.size();
      const auto [stop, error] = std::from_chars(value.data(), end, length);
      if (error != std::errc{} || stop != end) return "a length that is no number";
      head.length = length;
    }
    if (equals(name, "transfer-encoding")) {
      if (head.is_chunked || !equals(value, "chunked")) return "a coding";
      head.is_chunked = true;
    }
    if (equals(name, "connection") || equals(name, "proxy-connection")) return read_connection(value, head);
    return std::nullopt;
  }

  static Refusal read_connection(std::string_view list, Head& head) {
    while (!list.empty()) {
      const auto comma = list.find(',');
      const auto option = trimmed(list.substr(0, comma));
      if (!option.empty() && !is_token(option)) return "a connection option";
      if (equals(option, "close")) head.is_last = true;
      list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
    }
    return std::nullopt;
  }

  static bool read_length(std::string_view& rest, std::uint64_t length, std::string& body) {
    if (rest.size() < length) return false;
    body = rest.substr(0, length);
    rest.remove_prefix(length);
    return true;
  }

  static bool read_chunks(std::string_view& rest, std::string& body, Refusal& why) {
    while (true) {
      const auto line = take_line(rest);
      // Ours; half of it is always taken, and what is between depends on how the bytes arrive.
      constexpr std::size_t line_bytes_max = 128 * 1024;
      if (line ? line->size() > line_bytes_max : rest.size() > line_bytes_max) why = "a chunk's long head";
      if (why || !line) return false;
      std::uint64_t size = 0;
      const auto [stop, error] = std::from_chars(line->data(), line->data() + line->size(), size, 16);
      const auto digits = static_cast<std::size_t>(stop - line->data());
      if (error != std::errc{} || line->starts_with('-')) why = "a chunk's size";
      if (why || (why = read_extensions(line->substr(digits)))) return false;
      if (size == 0) return read_trailer(rest, why);
      if (rest.size() < size) return false;
      body += rest.substr(0, size);
      rest.remove_prefix(size);
      if (!rest.empty() && !std::string_view("\r\n").starts_with(rest.substr(0, 2)))
        why = "the end of a chunk";
      if (why || rest.size() < 2) return false;
      rest.remove_prefix(2);
    }
  }

  // *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
  static Refusal read_extensions(std::string_view text) {
    constexpr std::size_t extension_bytes_max = 256;  // ours
    if (text.size() > extension_bytes_max) return "long chunk extensions";
    const auto skip_blanks = [&] {
      while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    };
    const auto skip_token = [&] {
      const auto before = text.size();
      while (!text.empty() && is_token_character(text.front())) text.remove_prefix(1);
      return text.size() < before;
    };
    while (!text.empty()) {
      skip_blanks();
      if (!text.starts_with(';')) return "a chunk extension";
      text.remove_prefix(1);
      skip_blanks();
      if (!skip_token()) return "a chunk extension's name";
      const auto after_name = text;
      skip_blanks();
      if (!text.starts_with('=')) {
        text = after_name;
        continue;
      }
      text.remove_prefix(1);
      skip_blanks();
      if (text.starts_with('"') ? !skip_quoted(text) : !skip_token()) return "a chunk extension's value";
    }
    return std::nullopt;
  }

  static bool skip_quoted(std::string_view& text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (text[i] == '"') {
        text.remove_prefix(i + 1);
        return true;
      }
      if (byte < ' ' && text[i] != '\t') return false;
      if (byte == 0x7F) return false;
      if (text[i] == '\\') {
        ++i;
        if (i < text.size() &&
            ((static_cast<unsigned char>(text[i]) < ' ' && text[i] != '\t') || text[i] == 0x7F))
          return false;
      }
    }
    return false;
  }

  static bool read_trailer(std::string_view& rest, Refusal& why) {
    std::size_t bytes = 0;
    while (true) {
      const auto line = take_line(rest);
      if (!line) return false;
      if (line->empty()) return true;
      bytes += line->size() + 2;
      if (bytes > 32 * 1024) why = "a long trailer";
      std::string_view name;
      std::string_view value;
      if (!why) why = split_field(*line, name, value, false);
      if (!why && (equals(name, "content-length") || equals(name, "transfer-encoding")))
        why = "framing in a trailer";
      Head ignored;
      if (!why && (equals(name, "connection") || equals(name, "proxy-connection")))
        why = read_connection(value, ignored);
      if (why) return false;
    }
  }

  const Leniencies leniencies_;
  const std::size_t head_bytes_max_;
};

}  // namespace cubby::wire
