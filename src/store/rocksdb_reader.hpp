// Point reads and scans of the RocksDB engine: from memory on the caller's loop where that does, otherwise on
// a storage thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/counters.hpp"
#include "store/engine.hpp"
#include "store/hot_heads.hpp"
#include "store/rocksdb_old_heads.hpp"
#include "store/rocksdb_store.hpp"
#include "store/rocksdb_value_file.hpp"
#include "store/storage_pool.hpp"

namespace cubby {

// Thread-safe; methods as those of `Engine`.
class RocksDbReader {
 public:
  RocksDbReader(RocksDbStore& store, const ValueFiles& files, StoragePool& pool, HotHeads& hot,
                const CommitHistory& history)
      : store_(store), files_(files), pool_(pool), hot_(hot), history_(history) {}

  Task<Result<std::optional<StoredValue>>> get(NamespaceId namespace_id, Key key, Instant now);
  Task<Result<std::optional<Head>>> head(NamespaceId namespace_id, Key key, Instant now);
  Task<Result<ScanSlice>> scan(ScanRequest request);

  // Keys that were looked up, by where they were found, or found missing.
  std::uint64_t reads_from_memory() const { return from_memory_.value(); }
  std::uint64_t reads_from_disk() const { return from_disk_.value(); }

 private:
  // A head in memory of RocksDB or of the hot heads.
  struct PinnedHead {
    std::shared_ptr<const void> row;
    HeadView view;

    StoredValue value() const {
      return {view.head(), PinnedBytes(row, std::get<std::string_view>(view.body)), {}};
    }
  };
  // Nothing: no such row, or an expired one.
  using Found = Result<std::optional<PinnedHead>>;
  enum class From { memory, disk };

  // Nothing: it is not among the hot heads.
  std::optional<Found> find_hot(const std::string& row, Instant now);
  // Nothing: only the disk knows, and it was not asked.
  std::optional<Found> look_up(const std::string& row, Instant now, From from);
  Task<Found> find(std::string row, Instant now);
  Task<Result<std::optional<StoredValue>>> get_row(NamespaceId namespace_id, std::string row, Instant now);

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
  HotHeads& hot_;
  const CommitHistory& history_;
  SharedCounter from_memory_;
  SharedCounter from_disk_;
};

}  // namespace cubby
