// Values on their way into the RocksDB engine.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "store/engine.hpp"
#include "store/rocksdb_garbage.hpp"
#include "store/rocksdb_store.hpp"
#include "store/rocksdb_value_file.hpp"
#include "store/storage_pool.hpp"

namespace cubby {

// What uploads write to. Thread-safe.
struct BodyStorage {
  RocksDbStore& store;
  ValueFiles& files;
  RocksDbGarbage& garbage;
  StoragePool& pool;
};

// A small value waits in memory and becomes part of its head. One of middle size becomes a row of the values
// family, and a row of the garbage family until a head names it. A larger one goes to a file, piece by piece.
class RocksDbUpload final : public Upload {
 public:
  RocksDbUpload(const BodyStorage& storage, NamespaceId namespace_id, BodyId id)
      : storage_(storage), namespace_id_(namespace_id), id_(id) {}

  // Unless it was committed, what it has written is removed, later and on a storage thread.
  ~RocksDbUpload() override;

  Task<Result<void>> append(std::string_view bytes) override;
  Task<Result<void>> finish() override;

  std::uint64_t bytes_count() const { return bytes_count_; }
  // What the head says of the body. REQUIRES: finished.
  std::variant<std::string_view, BodyRef> body() const;
  void mark_committed() { is_committed_ = true; }

 private:
  Task<Result<void>> append_to_file(std::string_view bytes);
  void take(std::string_view bytes);
  Result<void> write_row();
  Result<void> write_piece();
  Result<void> write_last_piece();

  const BodyStorage storage_;
  const NamespaceId namespace_id_;
  const BodyId id_;
  std::string piece_;                    // not yet written
  std::optional<BodyRef::Place> place_;  // nothing: all is in `piece_`
  std::optional<ValueFileWriter> file_;
  std::uint64_t bytes_count_ = 0;
  bool is_committed_ = false;
};

}  // namespace cubby
