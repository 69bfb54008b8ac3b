// One group of changes on its way to the log: the rows to write, and what they make of the rows before them.
#pragma once

#include <rocksdb/write_batch.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "store/rocksdb_old_heads.hpp"
#include "store/rocksdb_store.hpp"
#include "store/rocksdb_usage.hpp"

namespace cubby {

// Keeps the rows that depend on a head in step with it: its value, its row in the expiry family, its share
// of the counters. Used by the commit thread.
class RocksDbBatch {
 public:
  // A new group of `history`.
  RocksDbBatch(RocksDbStore& store, CommitHistory& history) : store_(&store), history_(&history) {
    history.begin_group();
  }

  // So much may be added: asked for at once, a large batch is not copied while it grows.
  void reserve(std::size_t rows_count, std::size_t bytes);

  // A row of the heads family with what it holds once the rows added so far are written; nothing: no head.
  // Valid as long as the batch.
  using Slot = std::pair<const std::string, FoundHead>;

  // Adds nothing. A damaged row is no error: it may be overwritten and deleted. `known` is what was found
  // when `group` was visible, if anything. Errors: storage_failed.
  Result<Slot*> find(std::string row, const std::optional<FoundHead>& known = {}, std::uint64_t group = 0);

  void put(Slot& slot, const HeadView& head);
  void remove(Slot& slot);
  // Takes the row of the expiry family for `due` away, and the head if it is still the one that was meant.
  void expire(Slot& slot, Instant due);
  // Adds to the counters of a namespace.
  void correct_usage(NamespaceId id, const NamespaceCount& correction);

  // A value file that lost its head: noted as garbage, for it can go only after this batch is written.
  void drop(NamespaceId namespace_id, const BodyRef& file);
  using Dropped = std::map<NamespaceId, std::vector<BodyRef>>;
  const Dropped& dropped() const { return dropped_; }

  rocksdb::WriteBatch& rows() { return rows_; }
  void set_last_version(Version version) { last_version_ = version; }

  // Adds the counters and writes everything, visible together and as durable as the store is set to be.
  // Errors: storage_failed.
  Result<void> write();

 private:
  void name(const BodyRef& body, std::string_view head_row);
  void forget(const Slot& slot, const std::optional<Instant>& next_expiration);
  void count(const Slot& slot, const Count& change, const std::optional<Instant>& expiration);

  RocksDbStore* store_;
  CommitHistory* history_;
  rocksdb::WriteBatch rows_;
  std::unordered_map<std::string, FoundHead> heads_;
  std::optional<Version> last_version_;
  UsageChanges usage_;
  Dropped dropped_;
};

}  // namespace cubby
