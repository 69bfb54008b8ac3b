// Where a caller is, and the ranges of addresses that a token may be used from.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cubby {

// An IP address. IPv4 is kept as IPv6 writes it (::ffff:a.b.c.d), so that one comparison does for both.
class Address {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  // `bytes` in network order.
  explicit Address(const Bytes& bytes) : bytes_(bytes) {}
  static Address from_v4(const std::array<std::uint8_t, 4>& bytes);
  // Nothing unless `text` is an address of either kind, without brackets, port and zone.
  static std::optional<Address> parse(std::string_view text);

  bool is_v4() const;
  const Bytes& bytes() const { return bytes_; }
  std::string text() const;
  auto operator<=>(const Address&) const = default;

 private:
  Bytes bytes_;
};

// The addresses that begin with the same bits (CIDR).
class AddressRange {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or an address alone. Nothing if it is none of these, or has bits set
  // behind the prefix: such a range is mostly a typing error.
  static std::optional<AddressRange> parse(std::string_view text);

  // REQUIRES: `bits` is at most 128, of the form with 16 bytes.
  AddressRange(Address first, unsigned bits) : first_(first), bits_(bits) {}

  bool contains(const Address& address) const;
  const Address& first() const { return first_; }
  unsigned bits() const { return bits_; }
  std::string text() const;
  bool operator==(const AddressRange&) const = default;

 private:
  Address first_;
  unsigned bits_;
};

}  // namespace cubby
