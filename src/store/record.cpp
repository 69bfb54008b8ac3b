#include "store/record.hpp"

#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h>  // the widest vectors that this processor has; the sums are the same
#endif

#include "core/limits.hpp"
#include "store/bytes.hpp"

namespace cubby {
namespace {

// On disk: never change these numbers.
constexpr std::uint8_t format = 1;
constexpr std::uint8_t has_expiration = 1;
constexpr std::uint8_t has_metadata = 2;
constexpr std::uint8_t body_in_row = 4;
constexpr std::uint8_t body_in_file = 8;
constexpr std::uint8_t known_flags = has_expiration | has_metadata | body_in_row | body_in_file;

std::uint64_t checksum(std::string_view bytes, std::string_view place) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), XXH3_64bits(place.data(), place.size()));
}

Error corrupt(const char* what) {
  return fail(Errc::storage_corrupt, std::string("head record: ") + what);
}

}  // namespace

void seal(std::string& bytes, std::string_view place) {
  append_little_endian(bytes, checksum(bytes, place));
}

Result<std::string_view> unseal(std::string_view bytes, std::string_view place) {
  constexpr std::size_t checksum_bytes = sizeof(std::uint64_t);
  if (bytes.size() < checksum_bytes) return fail(Errc::storage_corrupt, "a row is too short");
  const auto content = bytes.substr(0, bytes.size() - checksum_bytes);
  ByteReader reader(bytes.substr(content.size()));
  if (reader.little_endian<std::uint64_t>() != checksum(content, place)) {
    return fail(Errc::storage_corrupt, "a row does not match its checksum");
  }
  return content;
}

Head HeadView::head() const {
  Head copy{version, expiration, std::nullopt, value_bytes};
  if (metadata) copy.metadata = Metadata::from_compact(std::string(*metadata)).value();
  return copy;
}

std::string encode_head(const HeadView& head, std::string_view place) {
  const auto* const inline_value = std::get_if<std::string_view>(&head.body);
  const auto* const body = std::get_if<BodyRef>(&head.body);
  const std::size_t metadata_bytes = head.metadata ? head.metadata->size() : 0;
  std::string bytes;
  bytes.reserve(64 + metadata_bytes + (inline_value ? inline_value->size() : 0));
  bytes += static_cast<char>(format);
  bytes += static_cast<char>((head.expiration ? has_expiration : 0) | (head.metadata ? has_metadata : 0) |
                             (!body                                ? 0
                              : body->place == BodyRef::Place::row ? body_in_row
                                                                   : body_in_file));
  append_little_endian(bytes, static_cast<std::uint64_t>(head.version));
  append_little_endian(bytes, head.value_bytes);
  if (head.expiration) {
    append_little_endian(bytes, static_cast<std::uint64_t>(head.expiration->time_since_epoch().count()));
  }
  if (head.metadata) {
    append_little_endian(bytes, static_cast<std::uint16_t>(metadata_bytes));
    bytes += *head.metadata;
  }
  if (inline_value) {
    bytes += *inline_value;
  } else {
    append_little_endian(bytes, static_cast<std::uint64_t>(body->id));
  }
  seal(bytes, place);
  return bytes;
}

Result<HeadView> decode_head(std::string_view bytes, std::string_view place) {
  const auto content = unseal(bytes, place);
  if (!content) return content.error();
  ByteReader reader(*content);
  if (reader.little_endian<std::uint8_t>() != format) return corrupt("unknown format");
  const auto flags = reader.little_endian<std::uint8_t>();
  if ((flags & ~known_flags) != 0) return corrupt("unknown flags");
  HeadView head;
  head.version = Version{reader.little_endian<std::uint64_t>()};
  head.value_bytes = reader.little_endian<std::uint64_t>();
  if (flags & has_expiration) {
    const auto seconds = static_cast<std::int64_t>(reader.little_endian<std::uint64_t>());
    head.expiration = Instant{std::chrono::seconds(seconds)};
  }
  if (flags & has_metadata) {
    head.metadata = reader.take(reader.little_endian<std::uint16_t>());
    if (head.metadata->size() > limits::metadata_bytes_max) return corrupt("metadata is too large");
  }
  if (flags & (body_in_row | body_in_file)) {
    if ((flags & body_in_row) && (flags & body_in_file)) return corrupt("two places of one value");
    const BodyId id{reader.little_endian<std::uint64_t>()};
    head.body = BodyRef{id, flags & body_in_row ? BodyRef::Place::row : BodyRef::Place::file};
  } else {
    const std::string_view value = reader.take_rest();
    if (value.size() != head.value_bytes) return corrupt("the value's length is wrong");
    head.body = value;
  }
  if (!reader.is_at_end()) return corrupt("the lengths do not fit");
  return head;
}

}  // namespace cubby
