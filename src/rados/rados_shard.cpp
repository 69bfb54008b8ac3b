#include "rados/rados_shard.hpp"

#include "store/bytes.hpp"

namespace cubby {
namespace {

constexpr std::uint8_t header_format = 1;

void append_text(std::string& out, std::string_view text) {
  append_little_endian(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

std::string take_text(ByteReader& reader) {
  const auto count = reader.little_endian<std::uint16_t>();
  return std::string(reader.take(count));
}

}  // namespace

bool ShardHeader::takes_writes(std::string_view key) const {
  switch (state) {
    case ShardState::serving:
    case ShardState::trimming:
      return true;
    case ShardState::splitting:
      return key <= bound;
    default:
      return false;
  }
}

std::string encode_shard_header(const ShardHeader& header, ShardId shard) {
  std::string bytes;
  append_little_endian(bytes, header_format);
  append_little_endian(bytes, static_cast<std::uint8_t>(header.state));
  append_little_endian(bytes, static_cast<std::uint64_t>(header.index));
  append_text(bytes, header.low);
  append_text(bytes, header.high);
  append_little_endian(bytes, static_cast<std::uint64_t>(header.next));
  append_text(bytes, header.bound);
  append_little_endian(bytes, static_cast<std::uint64_t>(header.other));
  append_little_endian(bytes, header.attempt);
  append_little_endian(bytes, static_cast<std::uint64_t>(header.changed_at.time_since_epoch().count()));
  append_little_endian(bytes, header.nonce);
  seal(bytes, rados_layout::shard_object(shard));
  return bytes;
}

Result<ShardHeader> decode_shard_header(std::string_view bytes, ShardId shard) {
  const auto content = unseal(bytes, rados_layout::shard_object(shard));
  if (!content) return content.error();
  ByteReader reader(*content);
  ShardHeader header;
  const auto format = reader.little_endian<std::uint8_t>();
  const auto state = reader.little_endian<std::uint8_t>();
  header.state = ShardState{state};
  header.index = IndexId{reader.little_endian<std::uint64_t>()};
  header.low = take_text(reader);
  header.high = take_text(reader);
  header.next = ShardId{reader.little_endian<std::uint64_t>()};
  header.bound = take_text(reader);
  header.other = ShardId{reader.little_endian<std::uint64_t>()};
  header.attempt = reader.little_endian<std::uint64_t>();
  header.changed_at =
      Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(reader.little_endian<std::uint64_t>())));
  header.nonce = reader.little_endian<std::uint64_t>();
  if (format != header_format || state > static_cast<std::uint8_t>(ShardState::removed) ||
      !reader.is_at_end())
    return fail(Errc::storage_corrupt, "the header of a shard cannot be read");
  return header;
}

}  // namespace cubby
