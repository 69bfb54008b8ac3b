// Values on their way into RADOS, and out of it. A value that does not fit into its head lies in objects of
// its own, up to 4 MiB each, in blocks with a checksum, so that a reader can begin before it has a whole
// piece.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "rados/rados_catalog.hpp"
#include "rados/rados_layout.hpp"
#include "rados/rados_pool.hpp"
#include "store/engine.hpp"

namespace cubby {

// How many objects a value of so many bytes takes.
std::uint64_t pieces_of(std::uint64_t value_bytes);

// Where a body is, and how long.
struct RadosBody {
  IndexId index{};
  BodyId id{};
  std::uint64_t value_bytes = 0;
};

// Removes its objects; those that are not there are no error.
Task<Result<void>> remove_body(RadosPool& data, RadosBody body);

class RadosUpload final : public Upload {
 public:
  // `discard` is told of a body that nobody will ever name.
  struct Target {
    RadosPool& data;
    RadosCatalog& catalog;
    std::function<void(RadosBody)> discard;
  };

  RadosUpload(const Target& target, NamespaceId namespace_id)
      : target_(target), namespace_id_(namespace_id), id_(BodyId{random_number()}) {}
  ~RadosUpload() override;

  Task<Result<void>> append(std::string_view bytes) override;
  Task<Result<void>> finish() override;

  std::uint64_t bytes_count() const { return bytes_count_; }
  bool is_inline() const { return !is_body_; }
  // What the head says of the value. REQUIRES: finished.
  std::variant<std::string_view, BodyRef> body() const;
  // Where the body is; nothing: the namespace did not exist. REQUIRES: not inline.
  std::optional<IndexId> index() const { return index_; }
  // A head names the body, or may do so yet.
  void keep() { is_kept_ = true; }

 private:
  Task<Result<void>> begin_body();
  void end_block();
  Task<Result<void>> write_piece();
  std::string piece_name() const;

  const Target target_;
  const NamespaceId namespace_id_;
  const BodyId id_;
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
