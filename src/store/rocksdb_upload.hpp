// Large values in RocksDB: written in pieces as they arrive, read in pieces as they are sent.
#pragma once

#include <rocksdb/snapshot.h>

#include <optional>
#include <string>
#include <variant>

#include "store/engine.hpp"
#include "store/rocksdb_store.hpp"
#include "store/storage_pool.hpp"

namespace cubby {

// A small value waits in memory and becomes part of its head; a larger one goes to the values family piece by
// piece, under an upload row that lets the next start collect it if the process dies.
class RocksDbUpload final : public Upload {
 public:
  RocksDbUpload(RocksDbStore& store, StoragePool& pool, NamespaceId namespace_id, BodyId id)
      : store_(store), pool_(pool), namespace_id_(namespace_id), id_(id) {}

  // Unless it was committed, its pieces are removed, later and on a storage thread.
  ~RocksDbUpload() override;

  Task<Result<void>> append(std::string_view bytes) override;
  Task<Result<void>> finish() override;

  NamespaceId namespace_id() const { return namespace_id_; }
  std::uint64_t bytes_count() const { return bytes_count_; }
  BodyId id() const { return id_; }

  // What the head says of the body. REQUIRES: finished.
  std::variant<std::string_view, Pieces> body() const;
  // Adds what must be written with the head that names the body.
  void stage_named(rocksdb::WriteBatch& rows) const;
  void mark_committed() { is_committed_ = true; }

 private:
  Task<Result<void>> write_piece();

  RocksDbStore& store_;
  StoragePool& pool_;
  const NamespaceId namespace_id_;
  const BodyId id_;
  std::string piece_;  // not yet written
  std::uint32_t pieces_count_ = 0;
  std::uint64_t bytes_count_ = 0;
  bool is_committed_ = false;
};

// One piece of a body. Errors: storage_corrupt (missing or damaged).
Result<std::string> read_piece(RocksDbStore& store, const rocksdb::Snapshot* snapshot,
                               NamespaceId namespace_id, BodyId body, std::uint32_t index);

// The pieces of a body from the second on, as they were when `snapshot` was taken.
std::unique_ptr<ByteSource> make_piece_source(RocksDbStore& store, StoragePool& pool,
                                              std::shared_ptr<rocksdb::ManagedSnapshot> snapshot,
                                              NamespaceId namespace_id, BodyId body,
                                              std::uint64_t bytes_left);

}  // namespace cubby
