// Point reads and scans of the RocksDB engine: from memory on the caller's loop where that does, otherwise on
// a storage thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/counters.hpp"
#include "store/engine.hpp"
#include "store/rocksdb_store.hpp"
#include "store/storage_pool.hpp"
#include "store/value_file.hpp"

namespace cubby {

// Thread-safe; methods as those of `Engine`.
class RocksDbReader {
 public:
  RocksDbReader(RocksDbStore& store, const ValueFiles& files, StoragePool& pool)
      : store_(store), files_(files), pool_(pool) {}

  Task<Result<std::optional<StoredValue>>> get(NamespaceId namespace_id, Key key, Instant now);
  Task<Result<std::optional<Head>>> head(NamespaceId namespace_id, Key key, Instant now);
  Task<Result<ScanSlice>> scan(ScanRequest request);

  // Keys that were looked up, by where they were found, or found missing.
  std::uint64_t reads_from_memory() const { return from_memory_.value(); }
  std::uint64_t reads_from_disk() const { return from_disk_.value(); }

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
  std::optional<Found> look_up(const std::string& row, Instant now, From from);
  Task<Found> find(std::string row, Instant now);

  // The value of a head, or its first piece; nothing: it is no longer there.
  using Opened = Result<std::optional<StoredValue>>;
  Task<Opened> open_body(NamespaceId namespace_id, const BodyRef& body, const HeadView& head);
  std::optional<Opened> open_row(const std::string& value_row, const HeadView& head, From from);
  Task<Opened> open_row(NamespaceId namespace_id, BodyId id, const HeadView& head);
  Opened open_file(BodyId id, const HeadView& head);

  Result<ScanSlice> scan_rows(const ScanRequest& request);

  RocksDbStore& store_;
  const ValueFiles& files_;
  StoragePool& pool_;
  SharedCounter from_memory_;
  SharedCounter from_disk_;
};

}  // namespace cubby
