#include "wire/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace cubby {
namespace {

constexpr std::uint8_t blank = 64;
constexpr std::uint8_t padding = 65;
constexpr std::uint8_t illegal = 66;

// The six bits of each digit, or what else the byte is.
constexpr std::array<std::uint8_t, 256> meanings = [] {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> table{};
  table.fill(illegal);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    table[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  for (const char byte : {' ', '\t', '\n', '\f', '\r'}) table[static_cast<unsigned char>(byte)] = blank;
  table['='] = padding;
  return table;
}();

std::uint8_t meaning(char byte) {
  return meanings[static_cast<unsigned char>(byte)];
}

// Writes the `count` highest of the three bytes in `bits`.
std::size_t write_bytes(std::string& text, std::size_t end, std::uint32_t bits, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) text[end + i] = static_cast<char>(bits >> (16 - 8 * i) & 0xFF);
  return end + count;
}

}  // namespace

bool decode_base64_in_place(std::string& text) {
  std::size_t end = 0;  // of what is decoded, always behind what is read
  std::uint32_t bits = 0;
  std::size_t digits = 0;  // in `bits`, fewer than four
  std::size_t paddings = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint8_t value = meaning(text[i]);
    if (value == blank) continue;
    if (value == padding) {
      ++paddings;
      continue;
    }
    if (value == illegal || paddings > 0) return false;
    bits = bits << 6 | value;
    if (++digits < 4) continue;
    end = write_bytes(text, end, bits, 3);
    bits = 0;
    digits = 0;
  }
  if (digits == 1) return false;  // six bits are no byte
  if (paddings > 0 && (digits == 0 || digits + paddings != 4)) return false;
  if (digits > 0) end = write_bytes(text, end, bits << (6 * (4 - digits)), digits - 1);
  text.resize(end);
  return true;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string decoded(text);
  if (!decode_base64_in_place(decoded)) return std::nullopt;
  return decoded;
}

}  // namespace cubby
