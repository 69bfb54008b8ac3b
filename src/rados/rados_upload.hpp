// Values on their way into RADOS, and out of it. A value that does not fit into its head lies in objects of
// its own, up to 4 MiB each, in blocks with a checksum, so that a reader can begin before it has a whole
// piece.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "core/clock.hpp"
#include "rados/rados_body_ids.hpp"
#include "rados/rados_catalog.hpp"
#include "rados/rados_layout.hpp"
#include "rados/rados_pool.hpp"
#include "store/engine.hpp"

namespace cubby {

// How many objects a value of so many bytes takes.
std::uint64_t pieces_of(std::uint64_t value_bytes);

// A value may take so long from its first piece to the write that names it: after a day without a sign of its
// process its pieces are taken for orphans (RadosOrphans).
inline constexpr std::chrono::hours upload_may_take{12};

// Which body, and how long it is.
struct RadosBody {
  BodyId id{};
  std::uint64_t value_bytes = 0;
};

// Removes its objects, the first one last, for it tells of the others; those that are not there are no error.
Task<Result<void>> remove_body(RadosPool& data, RadosBody body);

class RadosUpload final : public Upload {
 public:
  // `discard` is told of a body that nobody will ever name.
  struct Target {
    RadosPool& data;
    RadosCatalog& catalog;
    RadosBodyIds& ids;
    const Clock& clock;
    std::function<void(RadosBody)> discard;
  };

  RadosUpload(const Target& target, NamespaceId namespace_id)
      : target_(target), namespace_id_(namespace_id) {}
  ~RadosUpload() override;

  Task<Result<void>> append(std::string_view bytes) override;
  Task<Result<void>> finish() override;

  std::uint64_t bytes_count() const { return bytes_count_; }
  bool is_inline() const { return !is_body_; }
  // What the head says of the value. REQUIRES: finished.
  std::variant<std::string_view, BodyRef> body() const;
  // Where the body is; nothing: the namespace did not exist. REQUIRES: not inline.
  std::optional<IndexId> index() const { return index_; }
  // Whether it must not be named any more.
  bool is_late(Timestamp now) const { return is_body_ && now - begun_ > upload_may_take; }
  // A head may name the body, now or later.
  void keep() { is_kept_ = true; }
  // A head has named the body.
  void settle() {
    if (index_) target_.ids.settle(id_);
  }

 private:
  Task<Result<void>> begin_body();
  void end_block();
  Task<Result<void>> write_piece();
  std::string piece_name() const;

  const Target target_;
  const NamespaceId namespace_id_;
  BodyId id_{};  // from the first byte on that does not fit into the head
  Timestamp begun_{};
  std::string block_;  // not yet part of a piece
  std::string piece_;  // sealed blocks, not yet written
  std::optional<IndexId> index_;
  std::uint64_t pieces_written_ = 0;
  std::uint64_t blocks_in_piece_ = 0;
  std::uint64_t bytes_count_ = 0;
  bool is_body_ = false;
  bool is_kept_ = false;
};

// Reads a body block by block, some blocks at a time.
class RadosSource final : public ByteSource {
 public:
  RadosSource(RadosPool& data, const RadosBody& body) : data_(data), body_(body) {}

  // Errors: those of ByteSource, and key_not_found while the first block is not there: the head that named it
  // is no longer the newest.
  Task<Result<std::string_view>> read() override;

  // The bytes of the last `read`.
  std::string take_block() { return std::move(block_); }

 private:
  Task<Result<void>> fetch();

  RadosPool& data_;
  const RadosBody body_;
  std::string fetched_;
  std::size_t fetched_used_ = 0;
  std::uint64_t next_block_ = 0;
  std::string block_;
};

}  // namespace cubby
