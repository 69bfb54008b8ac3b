// The checked values of the domain: whoever holds one never checks it again.
// Immutable after construction, and as thread-safe as an `int`.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/error.hpp"

namespace cubby {

// The name of a value: 1 to 512 bytes of UTF-8, neither "." nor "..". Any other text is legal, control
// characters and slashes too. Ordered by bytes, which is the order of a listing. Source: Cloudflare's
// documentation of "write key-value pairs".
class Key {
 public:
  // Errors: key_empty, key_illegal, key_too_long, key_not_decodable (not UTF-8).
  static Result<Key> parse(std::string text);
  // REQUIRES: it was a key once; a checksum has vouched for it since.
  static Key from_checked(std::string text) { return Key(std::move(text)); }

  const std::string& text() const { return text_; }
  auto operator<=>(const Key&) const = default;

 private:
  explicit Key(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// 128 bits written as 32 lower-case hexadecimal digits. `Tag` keeps the kinds of id apart.
template <class Tag>
class HexId {
 public:
  static constexpr std::size_t bytes_count = 16;
  using Bytes = std::array<std::uint8_t, bytes_count>;

  explicit HexId(const Bytes& bytes) : bytes_(bytes) {}

  // Nothing unless `text` is 32 hexadecimal digits of either case.
  static std::optional<HexId> parse(std::string_view text);

  // An id that nobody else has: 122 random bits in the layout of a UUID of version 4.
  static HexId random();

  std::string text() const;
  const Bytes& bytes() const { return bytes_; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  auto operator<=>(const HexId&) const = default;

 private:
  Bytes bytes_;
};

using NamespaceId = HexId<struct NamespaceTag>;
using AccountId = HexId<struct AccountTag>;
using TokenId = HexId<struct TokenTag>;

extern template class HexId<struct NamespaceTag>;
extern template class HexId<struct AccountTag>;
extern template class HexId<struct TokenTag>;

// What people call a namespace: 1 to 512 characters of UTF-8, unique in its account.
class Title {
 public:
  // Errors: title_missing (empty), title_too_long, body_not_json (not UTF-8).
  static Result<Title> parse(std::string text);

  const std::string& text() const { return text_; }
  auto operator<=>(const Title&) const = default;

 private:
  explicit Title(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Counts writes: later writes have larger versions, over restarts and clock changes too. It is the ETag of a
// value.
enum class Version : std::uint64_t {};

}  // namespace cubby

template <class Tag>
struct std::hash<cubby::HexId<Tag>> {
  std::size_t operator()(const cubby::HexId<Tag>& id) const {
    return std::hash<std::string_view>{}(id.view());
  }
};
