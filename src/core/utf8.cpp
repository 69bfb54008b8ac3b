#include "core/utf8.hpp"

#include <bit>
#include <cassert>

namespace cubby {
namespace {

unsigned char byte_at(std::string_view bytes, std::size_t position) {
  return static_cast<unsigned char>(bytes[position]);
}

}  // namespace

bool Utf8State::accept(unsigned char byte) {
  if (due_ > 0) {
    if (byte < low_ || byte > high_) return false;
    --due_;
    low_ = 0x80;
    high_ = 0xBF;
    return true;
  }
  if (byte < 0x80) return true;
  if (byte < 0xC2 || byte > 0xF4) return false;  // a stray continuation, an overlong pair, above U+10FFFF
  due_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  if (byte == 0xE0) low_ = 0xA0;   // below would be overlong
  if (byte == 0xED) high_ = 0x9F;  // above would be a surrogate
  if (byte == 0xF0) low_ = 0x90;   // below would be overlong
  if (byte == 0xF4) high_ = 0x8F;  // above would be beyond U+10FFFF
  return true;
}

std::size_t valid_utf8_prefix(std::string_view bytes) {
  Utf8State state;
  std::size_t valid = 0;
  std::size_t position = 0;
  while (position < bytes.size()) {
    if (valid == position) {
      while (bytes.size() - position >= sizeof(std::uint64_t) &&
             eight_bytes::all_ascii(eight_bytes::load(bytes.data() + position))) {
        position += sizeof(std::uint64_t);
      }
      const std::size_t left = bytes.size() - position;
      if (left < sizeof(std::uint64_t) &&
          eight_bytes::all_ascii(eight_bytes::load_some(bytes.data() + position, left)))
        return bytes.size();
      valid = position;
    }
    if (!state.accept(byte_at(bytes, position))) break;
    ++position;
    if (state.between_characters()) valid = position;
  }
  return valid;
}

bool is_utf8(std::string_view bytes) {
  return valid_utf8_prefix(bytes) == bytes.size();
}

std::size_t broken_utf8_prefix(std::string_view bytes) {
  assert(!bytes.empty());
  Utf8State state;
  std::size_t length = 0;
  while (length < bytes.size() && state.accept(byte_at(bytes, length))) ++length;
  return length == 0 ? 1 : length;
}

std::size_t count_characters(std::string_view text) {
  std::size_t continuations = 0;
  std::size_t position = 0;
  for (; text.size() - position >= sizeof(std::uint64_t); position += sizeof(std::uint64_t)) {
    const std::uint64_t word = eight_bytes::load(text.data() + position);
    // A continuation byte is 10xxxxxx: its highest bit set, the one below not.
    continuations += static_cast<std::size_t>(std::popcount(word & ~(word << 1) & eight_bytes::high_bits));
  }
  for (; position < text.size(); ++position) continuations += (byte_at(text, position) & 0xC0) == 0x80;
  return text.size() - continuations;
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto put_continuation = [&put](char32_t bits) { put(0x80 | (bits & 0x3F)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put_continuation(code_point);
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put_continuation(code_point >> 6);
    put_continuation(code_point);
  } else {
    put(0xF0 | (code_point >> 18));
    put_continuation(code_point >> 12);
    put_continuation(code_point >> 6);
    put_continuation(code_point);
  }
}

}  // namespace cubby
