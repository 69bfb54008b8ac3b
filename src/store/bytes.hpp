// Fixed-width integers as bytes: little-endian in records, big-endian in row keys, where byte order is row
// order.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cubby {

template <std::unsigned_integral T>
void append_little_endian(std::string& out, T value) {
  char bytes[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(value >> (8 * i) & 0xFF);
  out.append(bytes, sizeof bytes);
}

template <std::unsigned_integral T>
void append_big_endian(std::string& out, T value) {
  char bytes[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i)
    bytes[sizeof(T) - 1 - i] = static_cast<char>(value >> (8 * i) & 0xFF);
  out.append(bytes, sizeof bytes);
}

// Takes values off the front of a record; once something is missing, everything is.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  T little_endian() {
    const std::string_view bytes = take(sizeof(T));
    if (bytes.empty()) return 0;
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(value | static_cast<T>(T{static_cast<unsigned char>(bytes[i])} << (8 * i)));
    return value;
  }

  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      is_complete_ = false;
      rest_ = {};
      return {};
    }
    const auto bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  std::string_view take_rest() { return take(rest_.size()); }
  bool is_complete() const { return is_complete_; }
  bool is_at_end() const { return is_complete_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool is_complete_ = true;
};

}  // namespace cubby
