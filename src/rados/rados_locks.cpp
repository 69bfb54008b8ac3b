#include "rados/rados_locks.hpp"

#include "rados/rados_pool.hpp"
#include "store/bytes.hpp"

namespace cubby::rados_locks {
namespace {

// What the class `lock` of an OSD reads and writes, in Ceph's own encoding: a version, the oldest that can
// read it, the length, and then the fields. It has been the same since the first release with locks.

constexpr std::uint8_t encoding_version = 1;
constexpr std::uint8_t exclusive = 1;

void append_text(std::string& out, std::string_view text) {
  append_little_endian(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

ceph::bufferlist framed(std::string_view fields) {
  std::string bytes;
  append_little_endian(bytes, encoding_version);
  append_little_endian(bytes, encoding_version);
  append_text(bytes, fields);
  return to_buffer(bytes);
}

constexpr std::size_t frame_bytes = 6;  // before the fields

}  // namespace

void add_take(librados::ObjectWriteOperation& write, std::string_view name, std::string_view cookie,
              std::chrono::milliseconds lasts) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lasts);
  const std::chrono::nanoseconds rest = lasts - seconds;
  std::string fields;
  append_text(fields, name);
  append_little_endian(fields, exclusive);
  append_text(fields, cookie);
  append_text(fields, "");  // tag
  append_text(fields, "");  // description
  append_little_endian(fields, static_cast<std::uint32_t>(seconds.count()));
  append_little_endian(fields, static_cast<std::uint32_t>(rest.count()));
  append_little_endian(fields, std::uint8_t{LIBRADOS_LOCK_FLAG_MAY_RENEW});
  ceph::bufferlist input = framed(fields);
  write.exec("lock", "lock", input);
}

void add_give_back(librados::ObjectWriteOperation& write, std::string_view name, std::string_view cookie) {
  std::string fields;
  append_text(fields, name);
  append_text(fields, cookie);
  ceph::bufferlist input = framed(fields);
  write.exec("lock", "unlock", input);
}

void add_ask(librados::ObjectReadOperation& read, std::string_view name, ceph::bufferlist& answer) {
  std::string fields;
  append_text(fields, name);
  ceph::bufferlist input = framed(fields);
  read.exec("lock", "get_info", input, &answer, nullptr);
}

// A map of those who have it, of which there is one at most: the client and the cookie come first.
std::string holder_in(const ceph::bufferlist& answer) {
  const std::string bytes = answer.to_str();
  ByteReader reader(bytes);
  reader.take(frame_bytes);
  if (reader.little_endian<std::uint32_t>() == 0) return {};
  reader.take(frame_bytes);
  reader.take(sizeof(std::uint8_t) + sizeof(std::uint64_t));  // which kind of client, and which
  const auto length = reader.little_endian<std::uint32_t>();
  return std::string(reader.take(length));
}

}  // namespace cubby::rados_locks
