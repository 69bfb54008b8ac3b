#include "rados/rados_layout.hpp"

#include <algorithm>
#include <cstdio>

#include "store/bytes.hpp"

namespace cubby {

std::uint64_t random_number() {
  const auto id = NamespaceId::random();
  // Eight bytes of it that are random to the last bit but two.
  return ByteReader(id.view().substr(8)).little_endian<std::uint64_t>() ^
         ByteReader(id.view()).little_endian<std::uint64_t>();
}

namespace rados_layout {
namespace {

std::string hex(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char each : bytes.substr(0, sizeof number))
    number = number << 8 | static_cast<unsigned char>(each);
  return number;
}

std::string numbered_row(std::string_view kind, std::uint64_t number) {
  std::string row(kind);
  append_big_endian(row, number);
  return row;
}

std::uint64_t seconds_of(Instant due) {
  return static_cast<std::uint64_t>(due.time_since_epoch().count());
}

}  // namespace

std::string map_object(IndexId index) {
  return "map." + hex(static_cast<std::uint64_t>(index));
}

std::string shard_object(ShardId shard) {
  return "ix." + hex(static_cast<std::uint64_t>(shard));
}

std::string piece_object(BodyId body, std::uint64_t piece) {
  return "b." + hex(static_cast<std::uint64_t>(body)) + "." + std::to_string(piece);
}

std::string registry_object(WriterId writer) {
  return std::string(registries_object) + "." + hex(static_cast<std::uint64_t>(writer));
}

std::string writer_row(WriterId writer) {
  return numbered_row("", static_cast<std::uint64_t>(writer));
}

WriterId parse_writer_row(std::string_view row) {
  return WriterId{big_endian(row)};
}

std::string body_row(BodyId body) {
  return numbered_row("", static_cast<std::uint64_t>(body));
}

BodyId parse_body_row(std::string_view row) {
  return BodyId{big_endian(row)};
}

std::string bound_row(std::string_view high) {
  return std::string(bound_kind) + std::string(high);
}

std::string forming_row(ShardId child) {
  return numbered_row(forming_kind, static_cast<std::uint64_t>(child));
}

ShardId parse_forming_row(std::string_view row) {
  return ShardId{big_endian(row.substr(1))};
}

std::string new_map_entry(ShardId shard) {
  return number_bytes(static_cast<std::uint64_t>(shard)) + number_bytes(random_number());
}

ShardId shard_in_map_entry(std::string_view bytes) {
  return ShardId{number_in(bytes)};
}

std::string encode_forming_entry(const FormingEntry& entry) {
  return number_bytes(static_cast<std::uint64_t>(entry.parent)) +
         number_bytes(static_cast<std::uint64_t>(entry.begun.time_since_epoch().count()));
}

FormingEntry decode_forming_entry(std::string_view bytes) {
  ByteReader reader(bytes);
  const ShardId parent{reader.little_endian<std::uint64_t>()};
  const auto begun = static_cast<std::int64_t>(reader.little_endian<std::uint64_t>());
  return {parent, Timestamp(std::chrono::milliseconds(begun))};
}

std::string head_row(std::string_view key) {
  return std::string(head_kind) + std::string(key);
}

std::string expiry_row(Instant due, std::string_view key) {
  return numbered_row(expiry_kind, seconds_of(due)) + std::string(key);
}

std::string first_expiry_row_after(Instant due) {
  return numbered_row(expiry_kind, seconds_of(due) + 1);
}

std::string counter_row(WriterId writer) {
  return numbered_row(counter_kind, static_cast<std::uint64_t>(writer));
}

std::string garbage_row(Timestamp due, BodyId body) {
  std::string row = numbered_row(garbage_kind, static_cast<std::uint64_t>(due.time_since_epoch().count()));
  append_big_endian(row, static_cast<std::uint64_t>(body));
  return row;
}

Result<ExpiryRow> parse_expiry_row(std::string_view row) {
  constexpr std::size_t key_begin = 1 + sizeof(std::uint64_t);
  if (row.size() <= key_begin) return fail(Errc::storage_corrupt, "a row of the expiry index is too short");
  const auto seconds = static_cast<std::int64_t>(big_endian(row.substr(1)));
  return ExpiryRow{Instant(std::chrono::seconds(seconds)), std::string(row.substr(key_begin))};
}

BodyId parse_garbage_body(std::string_view row) {
  return BodyId{big_endian(row.substr(row.size() - std::min(row.size(), sizeof(std::uint64_t))))};
}

Timestamp parse_garbage_due(std::string_view row) {
  return Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(big_endian(row.substr(1)))));
}

std::string head_place(NamespaceId namespace_id, std::string_view key) {
  return std::string(namespace_id.view()) + std::string(key);
}

std::string number_bytes(std::uint64_t number) {
  std::string bytes;
  append_little_endian(bytes, number);
  return bytes;
}

std::uint64_t number_in(std::string_view bytes) {
  return ByteReader(bytes).little_endian<std::uint64_t>();
}

std::string time_bytes(Timestamp time) {
  return number_bytes(static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

Timestamp time_in(std::string_view bytes) {
  return Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(number_in(bytes))));
}

std::string encode_counter(const ShardCounter& counter, std::string_view row) {
  std::string bytes;
  append_little_endian(bytes, static_cast<std::uint64_t>(counter.keys));
  append_little_endian(bytes, static_cast<std::uint64_t>(counter.bytes));
  append_little_endian(bytes, static_cast<std::uint64_t>(counter.version));
  seal(bytes, row);
  return bytes;
}

Result<ShardCounter> decode_counter(std::string_view bytes, std::string_view row) {
  const auto content = unseal(bytes, row);
  if (!content) return content.error();
  ByteReader reader(*content);
  ShardCounter counter;
  counter.keys = static_cast<std::int64_t>(reader.little_endian<std::uint64_t>());
  counter.bytes = static_cast<std::int64_t>(reader.little_endian<std::uint64_t>());
  counter.version = Version{reader.little_endian<std::uint64_t>()};
  if (!reader.is_at_end()) return fail(Errc::storage_corrupt, "a counter has a wrong length");
  return counter;
}

std::string index_of_namespace_row(NamespaceId id) {
  return std::string(1, index_of_namespace_kind) + std::string(id.view());
}

std::string removal_row(IndexId index) {
  return numbered_row(std::string_view(&removal_kind, 1), static_cast<std::uint64_t>(index));
}

namespace {

NamespaceId namespace_id_in(std::string_view text) {
  NamespaceId::Bytes bytes{};
  std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
  return NamespaceId(bytes);
}

}  // namespace

NamespaceId parse_index_of_namespace_row(std::string_view row) {
  return namespace_id_in(row.substr(1));
}

IndexId parse_removal_row(std::string_view row) {
  return IndexId{big_endian(row.substr(1))};
}

std::string encode_removal_entry(const RemovalEntry& entry) {
  return number_bytes(static_cast<std::uint64_t>(entry.due.time_since_epoch().count())) +
         std::string(entry.namespace_id.view());
}

RemovalEntry decode_removal_entry(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto due =
      std::chrono::milliseconds(static_cast<std::int64_t>(reader.little_endian<std::uint64_t>()));
  return {namespace_id_in(reader.take_rest()), Timestamp(due)};
}

}  // namespace rados_layout
}  // namespace cubby
