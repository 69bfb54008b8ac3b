// Heads as bytes, on disk: docs/internals/on_disk_format.md is the page to this file. Never change a number
// here; a new layout gets a new format byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/entry.hpp"
#include "core/error.hpp"

namespace cubby {

// Names a value that is too large for its head; never used twice in a store. The start of the store that made
// it, and a counter of that start.
enum class BodyId : std::uint64_t {};

inline constexpr unsigned body_counter_bits = 40;
inline BodyId make_body_id(std::uint64_t start, std::uint64_t counter) {
  return BodyId{start << body_counter_bits | counter};
}
inline std::uint64_t start_of(BodyId id) {
  return static_cast<std::uint64_t>(id) >> body_counter_bits;
}
inline std::uint64_t counter_of(BodyId id) {
  return static_cast<std::uint64_t>(id) & ((std::uint64_t{1} << body_counter_bits) - 1);
}

// Where such a value is.
struct BodyRef {
  enum class Place : std::uint8_t { row, file };  // on disk: never change a number
  BodyId id{};
  Place place = Place::row;

  bool operator==(const BodyRef&) const = default;
};

// A head as it lies in its row. The views are of that row's bytes, or of what is to become them.
struct HeadView {
  Version version{};
  std::optional<Instant> expiration;
  std::optional<std::string_view> metadata;
  std::uint64_t value_bytes = 0;
  // The value itself, or where it is.
  std::variant<std::string_view, BodyRef> body;

  // A copy that needs the row no more.
  Head head() const;

  bool operator==(const HeadView&) const = default;
};

// `place` is the row's key in the store: the checksum covers it, so that a row found elsewhere is corrupt.
std::string encode_head(const HeadView& head, std::string_view place);

// Errors: storage_corrupt (bad checksum, unknown format, lengths that do not fit).
Result<HeadView> decode_head(std::string_view bytes, std::string_view place);

// Adds a checksum over `bytes` and `place` / verifies it and takes it off.
void seal(std::string& bytes, std::string_view place);
Result<std::string_view> unseal(std::string_view bytes, std::string_view place);

}  // namespace cubby
