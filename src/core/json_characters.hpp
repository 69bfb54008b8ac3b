// The characters of JSON strings: which stand for themselves, and how the others are written.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/utf8.hpp"

namespace cubby::json {

// What may follow the backslash of a short escape, and what each stands for, in the same order.
inline constexpr std::string_view escape_letters = "\"\\bfnrt/";
inline constexpr std::string_view escaped_characters = "\"\\\b\f\n\r\t/";

inline constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr bool is_special(char byte) {
  return static_cast<unsigned char>(byte) < 0x20 || byte == '"' || byte == '\\';
}

// Whether one of the eight bytes cannot stand for itself in a string: a control, the quote, the backslash.
inline bool any_special(std::uint64_t word) {
  using eight_bytes::high_bits;
  using eight_bytes::ones;
  const std::uint64_t quote = word ^ (ones * '"');
  const std::uint64_t backslash = word ^ (ones * '\\');
  // Each difference sets the high bit of a byte that is too small; a borrow may set more, but only above such
  // a byte.
  const std::uint64_t small =
      ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
  return (small & high_bits) != 0;
}

}  // namespace cubby::json
