#include "wire/base64.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cubby {
namespace {

constexpr std::uint8_t blank = 64;
constexpr std::uint8_t padding = 65;
constexpr std::uint8_t illegal = 66;

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The six bits of each digit, or what else the byte is.
constexpr std::array<std::uint8_t, 256> meanings = [] {
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
  std::size_t pending = 0;  // digits in `bits`, fewer than four
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
    if (++pending < 4) continue;
    end = write_bytes(text, end, bits, 3);
    bits = 0;
    pending = 0;
  }
  if (pending == 1) return false;  // six bits are no byte
  if (paddings > 0 && (pending == 0 || pending + paddings != 4)) return false;
  if (pending > 0) end = write_bytes(text, end, bits << (6 * (4 - pending)), pending - 1);
  text.resize(end);
  return true;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string decoded(text);
  if (!decode_base64_in_place(decoded)) return std::nullopt;
  return decoded;
}

void append_base64(std::string& out, std::string_view bytes) {
  const auto byte_at = [bytes](std::size_t at) {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u;
  };
  std::size_t end = out.size();
  out.resize(end + (bytes.size() + 2) / 3 * 4, '=');
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t bits = byte_at(i) << 16 | byte_at(i + 1) << 8 | byte_at(i + 2);
    const std::size_t digits_count = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t digit = 0; digit < digits_count; ++digit)
      out[end + digit] = digits[bits >> (18 - 6 * digit) & 63];
    end += 4;
  }
}

}  // namespace cubby
