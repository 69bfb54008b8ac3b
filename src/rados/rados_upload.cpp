#include "rados/rados_upload.hpp"

#include <algorithm>
#include <cerrno>

#include "core/limits.hpp"

namespace cubby {
namespace {

using namespace rados_layout;

// On disk: never change these.
constexpr std::uint64_t block_bytes = limits::value_piece_bytes;
constexpr std::uint64_t sealed_block_bytes = block_bytes + sizeof(std::uint64_t);
constexpr std::uint64_t blocks_per_piece = 16;
static_assert(block_bytes * blocks_per_piece == 4 * limits::MiB);

constexpr std::uint64_t blocks_per_fetch = 4;

std::uint64_t blocks_of(std::uint64_t value_bytes) {
  return (value_bytes + block_bytes - 1) / block_bytes;
}

std::string block_place(const std::string& piece, std::uint64_t block_in_piece) {
  return piece + ":" + std::to_string(block_in_piece);
}

}  // namespace

std::uint64_t pieces_of(std::uint64_t value_bytes) {
  return (blocks_of(value_bytes) + blocks_per_piece - 1) / blocks_per_piece;
}

Task<Result<void>> remove_body(RadosPool& data, RadosBody body) {
  for (std::uint64_t piece = pieces_of(body.value_bytes); piece-- > 0;) {
    const auto answer = co_await data.remove(piece_object(body.id, piece));
    if (answer.code < 0 && answer.code != -ENOENT)
      co_return rados_error(answer.code, "a value was not removed");
  }
  co_return Result<void>{};
}

RadosUpload::~RadosUpload() {
  if (is_kept_ || !index_) return;
  target_.discard({id_, bytes_count_});
}

std::string RadosUpload::piece_name() const {
  return piece_object(id_, pieces_written_);
}

Task<Result<void>> RadosUpload::begin_body() {
  if (is_body_) co_return Result<void>{};
  is_body_ = true;
  begun_ = target_.clock.now();
  const auto catalog = co_await target_.catalog.current();
  if (!catalog) co_return catalog.error();
  const auto found = (*catalog)->indexes.find(namespace_id_);
  if (found == (*catalog)->indexes.end()) co_return Result<void>{};
  const auto id = co_await target_.ids.take();
  if (!id) co_return id.error();
  id_ = *id;
  index_ = found->second;
  co_return Result<void>{};
}

Task<Result<void>> RadosUpload::append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (block_.size() == block_bytes) {
      // Another byte follows, so this block does not end the value.
      if (auto begun = co_await begin_body(); !begun) co_return begun;
      end_block();
      if (blocks_in_piece_ == blocks_per_piece) {
        if (auto written = co_await write_piece(); !written) co_return written;
      }
    }
    const auto taken = bytes.substr(0, block_bytes - block_.size());
    block_ += taken;
    bytes_count_ += taken.size();
    bytes.remove_prefix(taken.size());
  }
  co_return Result<void>{};
}

// Into a namespace that does not exist nothing is written, for nothing will be applied.
void RadosUpload::end_block() {
  if (index_) {
    seal(block_, block_place(piece_name(), blocks_in_piece_));
    piece_ += block_;
    ++blocks_in_piece_;
  }
  block_.clear();
}

Task<Result<void>> RadosUpload::write_piece() {
  librados::ObjectWriteOperation write;
  write.create(true);
  write.write_full(to_buffer(piece_));
  if (pieces_written_ == 0)
    write.setxattr(index_attribute, to_buffer(number_bytes(static_cast<std::uint64_t>(*index_))));
  const auto answer = co_await target_.data.write(piece_name(), write);
  ++pieces_written_;
  blocks_in_piece_ = 0;
  piece_.clear();
  if (answer.code == -EEXIST) keep();  // it is another's
  if (answer.code < 0) co_return rados_error(answer.code, "a value was not written");
  co_return Result<void>{};
}

Task<Result<void>> RadosUpload::finish() {
  if (!is_body_ && block_.size() <= limits::inline_value_bytes_max) co_return Result<void>{};
  if (auto begun = co_await begin_body(); !begun) co_return begun;
  if (!block_.empty()) end_block();
  if (blocks_in_piece_ > 0) co_return co_await write_piece();
  co_return Result<void>{};
}

std::variant<std::string_view, BodyRef> RadosUpload::body() const {
  if (!is_body_) return std::string_view(block_);
  return BodyRef{id_, BodyRef::Place::row};
}

// ---- Reading

Task<Result<void>> RadosSource::fetch() {
  const std::uint64_t in_piece = next_block_ % blocks_per_piece;
  // The first one alone: whoever waits for the value gets its beginning as soon as can be.
  const std::uint64_t wanted = next_block_ == 0 ? 1 : blocks_per_fetch;
  const std::uint64_t blocks =
      std::min({wanted, blocks_per_piece - in_piece, blocks_of(body_.value_bytes) - next_block_});
  librados::ObjectReadOperation read;
  ceph::bufferlist bytes;
  read.read(in_piece * sealed_block_bytes, blocks * sealed_block_bytes, &bytes, nullptr);
  const auto answer = co_await data_.read(piece_object(body_.id, next_block_ / blocks_per_piece), read);
  if (answer.code == -ENOENT && next_block_ == 0) co_return fail(Errc::key_not_found);
  if (answer.code == -ENOENT) co_return fail(Errc::storage_corrupt, "a piece of a value is missing");
  if (answer.code < 0) co_return rados_error(answer.code, "a value was not read");
  fetched_ = bytes.to_str();
  fetched_used_ = 0;
  co_return Result<void>{};
}

Task<Result<std::string_view>> RadosSource::read() {
  const std::uint64_t begin = next_block_ * block_bytes;
  if (begin >= body_.value_bytes) co_return std::string_view();
  if (fetched_used_ == fetched_.size()) {
    if (const auto fetched = co_await fetch(); !fetched) co_return fetched.error();
  }
  const std::uint64_t expected = std::min(block_bytes, body_.value_bytes - begin);
  const auto sealed =
      std::string_view(fetched_).substr(fetched_used_, expected + (sealed_block_bytes - block_bytes));
  const std::string piece = piece_object(body_.id, next_block_ / blocks_per_piece);
  const auto block = unseal(sealed, block_place(piece, next_block_ % blocks_per_piece));
  if (!block) co_return block.error();
  if (block->size() != expected) co_return fail(Errc::storage_corrupt, "a value has a wrong length");
  fetched_used_ += sealed.size();
  ++next_block_;
  block_ = *block;
  co_return std::string_view(block_);
}

}  // namespace cubby
