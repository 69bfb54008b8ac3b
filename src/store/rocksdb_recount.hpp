// Counts a namespace from its heads, to check its counters and to set them right.
#pragma once

#include "store/rocksdb_store.hpp"
#include "store/rocksdb_usage.hpp"

namespace cubby {

struct Recount {
  NamespaceCount count;       // by the heads that can be read
  NamespaceCount correction;  // what the counters lack to that
};

// As of one moment, while writes may go on. Errors: storage_corrupt (a counter cannot be read),
// storage_failed.
Result<Recount> count_heads(RocksDbStore& store, NamespaceId id);

// Adds the removal of counters that cannot be read, after which a recount can set them. REQUIRES: the commit
// thread.
Result<void> reset_unreadable_usage(RocksDbStore& store, NamespaceId id, rocksdb::WriteBatch& rows);

}  // namespace cubby
