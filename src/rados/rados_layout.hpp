// Names of objects and of what is in them: docs/internals/rados_format.md is the page to this file. Never
// change what is here; a new layout gets a new name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/values.hpp"
#include "store/record.hpp"

namespace cubby {

// Names an index object; random, and never used twice.
enum class ShardId : std::uint64_t {};

// Names a process, from its start to its end; random.
enum class WriterId : std::uint64_t {};

// A random number of 64 bits.
std::uint64_t random_number();

namespace rados_layout {

inline constexpr const char* catalog_object = "catalog";
inline constexpr const char* generation_attribute = "g";  // of the catalog
inline constexpr const char* epoch_attribute = "e";       // of a shard
inline constexpr std::string_view removed_epoch = "removed";
inline constexpr const char* last_version_attribute = "v";  // of the catalog

std::string shard_object(ShardId shard);
std::string piece_object(ShardId shard, BodyId body, std::uint64_t piece);

// Rows of a shard's omap. The first byte is the kind.
inline constexpr std::string_view head_kind = "k";
inline constexpr std::string_view expiry_kind = "e";
inline constexpr std::string_view counter_kind = "c";
inline constexpr std::string_view body_kind = "b";
inline constexpr std::string_view garbage_kind = "g";

std::string head_row(std::string_view key);
std::string expiry_row(Instant due, std::string_view key);
std::string first_expiry_row_after(Instant due);
std::string counter_row(WriterId writer);
std::string body_row(BodyId body);
std::string garbage_row(Timestamp due, BodyId body);

struct ExpiryRow {
  Instant due;
  std::string key;
};
Result<ExpiryRow> parse_expiry_row(std::string_view row);
BodyId parse_body_row(std::string_view row);  // of a body or of garbage: the id stands at the end
Timestamp parse_garbage_due(std::string_view row);

// What a head's checksum covers beside the head: not the shard, which may be another one day.
std::string head_place(NamespaceId namespace_id, std::string_view key);

// A number as the value of a row.
std::string number_bytes(std::uint64_t number);
std::uint64_t number_in(std::string_view bytes);

// What one writer has done to a shard; the sum of all is what the shard holds. Signed: a writer may have
// removed what another has put.
struct ShardCounter {
  std::int64_t keys = 0;
  std::int64_t bytes = 0;
  Version version{};  // the last that this writer gave out here

  bool operator==(const ShardCounter&) const = default;
};
std::string encode_counter(const ShardCounter& counter, std::string_view row);
Result<ShardCounter> decode_counter(std::string_view bytes, std::string_view row);

// Rows of the catalog's omap, beside those of store/catalog_record.hpp.
std::string shard_of_namespace_row(NamespaceId id);
std::string removal_row(ShardId shard);
inline constexpr char shard_of_namespace_kind = 's';
inline constexpr char removal_kind = 'r';
NamespaceId parse_shard_of_namespace_row(std::string_view row);
ShardId parse_removal_row(std::string_view row);

}  // namespace rados_layout
}  // namespace cubby
