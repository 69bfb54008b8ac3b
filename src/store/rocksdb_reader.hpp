// Point reads and scans of the RocksDB engine: from memory on the caller's loop where that does, otherwise on
// a storage thread.
#pragma once

#include <rocksdb/snapshot.h>

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "store/engine.hpp"
#include "store/rocksdb_store.hpp"
#include "store/storage_pool.hpp"

namespace cubby {

// Thread-safe; methods as those of `Engine`.
class RocksDbReader {
 public:
  RocksDbReader(RocksDbStore& store, StoragePool& pool) : store_(store), pool_(pool) {}

  Task<Result<std::optional<StoredValue>>> get(NamespaceId namespace_id, Key key, Instant now);
  Task<Result<std::optional<Head>>> head(NamespaceId namespace_id, Key key, Instant now);
  Task<Result<ScanSlice>> scan(ScanRequest request);

 private:
  // A head in the memory that RocksDB has it in.
  struct PinnedHead {
    std::shared_ptr<const rocksdb::PinnableSlice> row;
    HeadView view;
  };
  // Nothing: no such row, or an expired one.
  using Found = Result<std::optional<PinnedHead>>;
  enum class From { memory, disk };

  // Nothing: only the disk knows, and it was not asked.
  std::optional<Found> look_up(const std::string& row, Instant now, From from,
                               const rocksdb::Snapshot* snapshot = nullptr);
  Task<Found> find(std::string row, Instant now);
  Result<std::optional<StoredValue>> open_pieces(const std::string& row, Instant now);
  Result<ScanSlice> scan_rows(const ScanRequest& request);

  RocksDbStore& store_;
  StoragePool& pool_;
};

}  // namespace cubby
