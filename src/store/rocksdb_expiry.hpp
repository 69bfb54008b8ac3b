// Takes expired values off the disk, by the expiry family: one row for each head that expires, in the order
// in which they are due.
#pragma once

#include <atomic>

#include "store/catalog.hpp"
#include "store/engine.hpp"
#include "store/rocksdb_batch.hpp"
#include "store/rocksdb_store.hpp"

namespace cubby {

class RocksDbExpiry {
 public:
  RocksDbExpiry(RocksDbStore& store, const Catalog& catalog) : store_(store), catalog_(catalog) {}

  // Whether `stage` has anything to do. Brings the rows that it needs into memory. Thread-safe; may wait for
  // the disk.
  Result<bool> look(Instant now, std::uint32_t rows_max);

  struct Staged {
    Swept swept;
    Instant swept_until;  // once it is written
  };
  // Adds the removal of what is due. REQUIRES: the commit thread; the batch is otherwise empty.
  Result<Staged> stage(RocksDbBatch& batch, Instant now, std::uint32_t rows_max);
  // That batch is written. REQUIRES: the commit thread, and no `expect` between the two.
  void confirm(const Staged& staged) { swept_until_ = staged.swept_until; }

  // A head with this expiration is about to be written. REQUIRES: the commit thread.
  void expect(Instant due);

 private:
  template <class Visit>
  Result<Swept> each_due(Instant now, std::uint32_t rows_max, Visit visit);

  RocksDbStore& store_;
  const Catalog& catalog_;
  // No row is due before this second. Without it, each sweep would step over what earlier ones have deleted
  // and RocksDB has not yet forgotten. Written by the commit thread.
  std::atomic<Instant> swept_until_ = Instant::min();
};

}  // namespace cubby
