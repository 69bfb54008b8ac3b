// The text of transcripts: escapes, variables and repetition. See tests/wire/README.md.
#pragma once

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cubby::wire {

// A transcript that does not parse or cannot be run.
class TranscriptError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using Variables = std::map<std::string, std::string, std::less<>>;

std::string expand(std::string_view text, const Variables& variables);

namespace detail {

// The byte that the escape at the beginning of `text` stands for; takes it off.
inline char take_escape(std::string_view& text) {
  constexpr std::string_view letters = "nrt0\\";
  constexpr std::string_view bytes("\n\r\t\0\\", 5);
  const auto letter = text.size() < 2 ? letters.npos : letters.find(text[1]);
  if (letter != letters.npos) {
    text.remove_prefix(2);
    return bytes[letter];
  }
  unsigned number = 0;
  const bool is_hex = text.size() >= 4 && text[1] == 'x';
  const char* const end = is_hex ? text.data() + 4 : nullptr;
  if (!is_hex || std::from_chars(text.data() + 2, end, number, 16).ptr != end) {
    throw TranscriptError("unknown escape: " + std::string(text.substr(0, 4)));
  }
  text.remove_prefix(4);
  return static_cast<char>(number);
}

inline std::string padded(std::size_t number, std::size_t width) {
  std::string text = std::to_string(number);
  return std::string(width - std::min(width, text.size()), '0') + text;
}

inline std::string repeated(const std::string& once, std::size_t count) {
  std::string all = count > 0 ? once : "";
  const std::size_t size = once.size() * count;
  all.reserve(size);
  while (all.size() < size) all.append(all, 0, size - all.size());
  return all;
}

// `{3*TEXT*}` at the beginning of `text`, expanded; takes it off. Nothing if something else stands there.
inline std::optional<std::string> take_repetition(std::string_view& text, const Variables& variables) {
  std::size_t count = 0;
  const auto star = std::from_chars(text.data() + 1, text.data() + text.size(), count).ptr;
  const auto begin = static_cast<std::size_t>(star - text.data()) + 1;
  if (begin == 2 || begin > text.size() || *star != '*') return std::nullopt;
  const auto end = text.find("*}", begin);
  if (end == text.npos) throw TranscriptError("a repetition without its end");
  const std::string_view inner = text.substr(begin, end - begin);
  text.remove_prefix(end + 2);
  if (inner.find("{i}") == inner.npos) return repeated(expand(inner, variables), count);
  std::string all;
  Variables numbered = variables;
  const std::size_t width = std::to_string(count).size();
  for (std::size_t i = 1; i <= count; ++i) {
    numbered["i"] = padded(i, width);
    all += expand(inner, numbered);
  }
  return all;
}

// The value of `{name}` at the beginning of `text`; takes it off. Nothing if something else stands there.
inline std::optional<std::string> take_variable(std::string_view& text, const Variables& variables) {
  const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", 1);
  if (end == text.npos || end == 1 || text[end] != '}') return std::nullopt;
  const auto found = variables.find(text.substr(1, end - 1));
  if (found == variables.end())
    throw TranscriptError("no such variable: " + std::string(text.substr(0, end + 1)));
  text.remove_prefix(end + 1);
  return found->second;
}

}  // namespace detail

// Throws TranscriptError.
inline std::string expand(std::string_view text, const Variables& variables) {
  std::string expanded;
  while (!text.empty()) {
    if (text.front() == '\\') {
      expanded += detail::take_escape(text);
      continue;
    }
    if (text.front() == '{') {
      auto taken = detail::take_repetition(text, variables);
      if (!taken) taken = detail::take_variable(text, variables);
      if (taken) {
        expanded += *taken;
        continue;
      }
    }
    expanded += text.front();
    text.remove_prefix(1);
  }
  return expanded;
}

}  // namespace cubby::wire
