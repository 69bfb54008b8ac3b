// UTF-8 as WHATWG and Unicode define it: no overlong forms, no encoded surrogates, nothing above U+10FFFF.
// Pure functions and small values; safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace cubby {

// Whether all of `bytes` is UTF-8. The empty text is.
[[nodiscard]] bool is_utf8(std::string_view bytes);

// The number of code points in `text`. REQUIRES is_utf8(text).
[[nodiscard]] std::size_t count_characters(std::string_view text);

// The length of the longest beginning of `bytes` that is UTF-8 and ends with a whole character.
[[nodiscard]] std::size_t valid_utf8_prefix(std::string_view bytes);

// How many bytes at the front of `bytes` one U+FFFD replaces: the "maximal subpart" of a broken sequence, at
// least 1. REQUIRES valid_utf8_prefix(bytes) == 0 and `bytes` not empty.
[[nodiscard]] std::size_t broken_utf8_prefix(std::string_view bytes);

// Appends the UTF-8 of one code point. REQUIRES a scalar value: at most U+10FFFF and no surrogate.
void append_utf8(std::string& out, char32_t code_point);

inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD

// Checks UTF-8 one byte at a time, for text that arrives in pieces.
class Utf8State {
 public:
  // False if `byte` cannot stand here; the state is then useless. For bytes below 0x80 between characters the
  // call may be left out.
  bool accept(unsigned char byte);

  // Whether the bytes so far end with a whole character.
  bool between_characters() const { return due_ == 0; }

 private:
  unsigned char due_ = 0;     // continuation bytes still to come
  unsigned char low_ = 0x80;  // the range of the next one: the first after a lead byte may be narrower
  unsigned char high_ = 0xBF;
};

// Eight bytes of text at once, for loops that skip what needs no care.
namespace eight_bytes {

inline constexpr std::uint64_t ones = 0x0101010101010101;
inline constexpr std::uint64_t high_bits = 0x8080808080808080;

inline std::uint64_t load(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Fewer than eight, filled up with spaces.
inline std::uint64_t load_some(const char* bytes, std::size_t count) {
  std::uint64_t word = ones * ' ';
  std::memcpy(&word, bytes, count);
  return word;
}

inline bool all_ascii(std::uint64_t word) {
  return (word & high_bits) == 0;
}

}  // namespace eight_bytes
}  // namespace cubby
