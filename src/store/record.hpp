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

// Names the pieces of a large value; never used twice in a store.
enum class BodyId : std::uint64_t {};

struct Pieces {
  BodyId body{};
  std::uint32_t count = 0;

  bool operator==(const Pieces&) const = default;
};

// A head as it lies in its row. The views are of that row's bytes, or of what is to become them.
struct HeadView {
  Version version{};
  std::optional<Instant> expiration;
  std::optional<std::string_view> metadata;
  std::uint64_t value_bytes = 0;
  // The value itself, or where its pieces are.
  std::variant<std::string_view, Pieces> body;

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
