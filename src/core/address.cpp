#include "core/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace cubby {
namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned v4_prefix_bits = 96;

// Whether both begin with the same `bits` bits.
bool share_bits(const Address::Bytes& left, const Address::Bytes& right, unsigned bits) {
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(left.begin(), left.begin() + whole, right.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto last = static_cast<std::size_t>(whole);
  return (left[last] ^ right[last]) >> (8 - bits % 8) == 0;
}

bool is_clear_behind(const Address::Bytes& bytes, unsigned bits) {
  Address::Bytes cleared{};
  for (unsigned bit = 0; bit < bits; ++bit) {
    cleared[bit / 8] = static_cast<std::uint8_t>(cleared[bit / 8] | (bytes[bit / 8] & (0x80U >> bit % 8)));
  }
  return cleared == bytes;
}

}  // namespace

Address Address::from_v4(const std::array<std::uint8_t, 4>& bytes) {
  Bytes all;
  std::copy(v4_prefix.begin(), v4_prefix.end(), all.begin());
  std::copy(bytes.begin(), bytes.end(), all.begin() + v4_prefix.size());
  return Address(all);
}

std::optional<Address> Address::parse(std::string_view text) {
  const std::string terminated(text);
  if (terminated.size() != text.size() || terminated.find('\0') != terminated.npos) return std::nullopt;
  std::array<std::uint8_t, 4> v4;
  if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) return from_v4(v4);
  Bytes v6;
  if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return Address(v6);
  return std::nullopt;
}

bool Address::is_v4() const {
  return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes_.begin());
}

std::string Address::text() const {
  char text[INET6_ADDRSTRLEN];
  if (is_v4()) return inet_ntop(AF_INET, bytes_.data() + v4_prefix.size(), text, sizeof text);
  return inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto first = Address::parse(text.substr(0, slash));
  if (!first) return std::nullopt;
  const unsigned bits_max = first->is_v4() ? 32 : 128;
  unsigned bits = bits_max;
  if (slash != text.npos) {
    const auto number = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (error != std::errc() || end != number.data() + number.size() || bits > bits_max) return std::nullopt;
  }
  if (first->is_v4()) bits += v4_prefix_bits;
  if (!is_clear_behind(first->bytes(), bits)) return std::nullopt;
  return AddressRange(*first, bits);
}

bool AddressRange::contains(const Address& address) const {
  return share_bits(first_.bytes(), address.bytes(), bits_);
}

std::string AddressRange::text() const {
  return first_.text() + "/" + std::to_string(first_.is_v4() ? bits_ - v4_prefix_bits : bits_);
}

}  // namespace cubby
