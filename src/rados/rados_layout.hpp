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

// Names what a namespace has from its making to its removal: a map, shards, values. Random, and never used
// twice.
enum class IndexId : std::uint64_t {};

// Names a part of an index; random, and never used twice. 0 is none.
enum class ShardId : std::uint64_t {};

// Names a process, from its start to its end; random.
enum class WriterId : std::uint64_t {};

// A random number of 64 bits.
std::uint64_t random_number();

namespace rados_layout {

inline constexpr const char* catalog_object = "catalog";
inline constexpr const char* generation_attribute = "g";    // of the catalog
inline constexpr const char* header_attribute = "h";        // of a shard
inline constexpr const char* last_version_attribute = "v";  // of the catalog

std::string map_object(IndexId index);
std::string shard_object(ShardId shard);
std::string piece_object(BodyId body, std::uint64_t piece);
inline constexpr const char* index_attribute = "i";  // of the first piece: the index it was written for

// What a process has begun is found by others when it dies: RadosBodyIds, RadosOrphans.
inline constexpr const char* registries_object = "bodies";
std::string registry_object(WriterId writer);
inline constexpr const char* alive_attribute = "t";  // of a registry: when its process was last heard of
std::string writer_row(WriterId writer);             // of the registries object
WriterId parse_writer_row(std::string_view row);
std::string body_row(BodyId body);  // of a registry
BodyId parse_body_row(std::string_view row);

// Rows of a map's omap.
inline constexpr std::string_view bound_kind = "m";
inline constexpr std::string_view forming_kind = "f";

std::string bound_row(std::string_view high);
std::string forming_row(ShardId child);
ShardId parse_forming_row(std::string_view row);

// Never the same bytes twice: whoever has read an entry can tell whether it has been written since.
std::string new_map_entry(ShardId shard);
ShardId shard_in_map_entry(std::string_view bytes);

// A split that has been begun: which shard, and when.
struct FormingEntry {
  ShardId parent{};
  Timestamp begun;
};
std::string encode_forming_entry(const FormingEntry& entry);
FormingEntry decode_forming_entry(std::string_view bytes);

// Rows of a shard's omap. The first byte is the kind.
inline constexpr std::string_view head_kind = "k";
inline constexpr std::string_view expiry_kind = "e";
inline constexpr std::string_view counter_kind = "c";
inline constexpr std::string_view garbage_kind = "g";

std::string head_row(std::string_view key);
std::string expiry_row(Instant due, std::string_view key);
std::string first_expiry_row_after(Instant due);
std::string counter_row(WriterId writer);
std::string garbage_row(Timestamp due, BodyId body);

struct ExpiryRow {
  Instant due;
  std::string key;
};
Result<ExpiryRow> parse_expiry_row(std::string_view row);
BodyId parse_garbage_body(std::string_view row);
Timestamp parse_garbage_due(std::string_view row);

// What a head's checksum covers beside the head: not the shard, for heads move between shards.
std::string head_place(NamespaceId namespace_id, std::string_view key);

// A number as the value of a row.
std::string number_bytes(std::uint64_t number);
std::uint64_t number_in(std::string_view bytes);
std::string time_bytes(Timestamp time);
Timestamp time_in(std::string_view bytes);

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
std::string index_of_namespace_row(NamespaceId id);
std::string removal_row(IndexId index);
inline constexpr char index_of_namespace_kind = 's';
inline constexpr char removal_kind = 'r';
NamespaceId parse_index_of_namespace_row(std::string_view row);
IndexId parse_removal_row(std::string_view row);

// An index that is to be removed, and what it was of.
struct RemovalEntry {
  NamespaceId namespace_id;
  Timestamp due;  // from then on nobody reads it
};
std::string encode_removal_entry(const RemovalEntry& entry);
RemovalEntry decode_removal_entry(std::string_view bytes);

}  // namespace rados_layout
}  // namespace cubby
