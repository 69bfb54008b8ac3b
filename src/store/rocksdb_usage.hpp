// The counters behind `Engine::usage`: for each namespace a total, and beside it what of it is due at which
// second.
//
//   usage(now) = total − what is due at or before `now` and not yet swept
//
// Overwrite, delete and sweep take a value off both. Total and due seconds are neighbours in the usage
// family, so one iterator reads them as of one moment. Rows are absolute and not merge operands: all changes
// pass through one thread, which reads a row once a batch, and a row that has come to zero can go.
#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <map>
#include <optional>

#include "core/entry.hpp"
#include "store/rocksdb_store.hpp"

namespace cubby {

// May be negative between the damage of a row and its recount.
struct Count {
  std::int64_t keys = 0;
  std::int64_t bytes = 0;

  void add(const Count& other) {
    keys += other.keys;
    bytes += other.bytes;
  }
  Count operator-() const { return {-keys, -bytes}; }
  bool operator==(const Count&) const = default;
};

// All counters of a namespace, or the changes to them.
struct NamespaceCount {
  Count total;
  std::map<Instant, Count> due;

  void add(const Count& count, const std::optional<Instant>& expiration) {
    total.add(count);
    if (expiration) due[*expiration].add(count);
  }
  Usage at(Instant now) const;
  bool operator==(const NamespaceCount&) const = default;
};

// What a batch changes.
using UsageChanges = std::map<NamespaceId, NamespaceCount>;

// A row of the usage family. Errors: storage_corrupt.
Result<Count> decode_count(std::string_view bytes, std::string_view row);

// Adds the changed rows to `rows`. REQUIRES: called once a batch, by the one thread that writes counters.
// Errors: storage_failed. A row that cannot be read stays as it is, until `recount`.
Result<void> add_usage_rows(RocksDbStore& store, const UsageChanges& changes, rocksdb::WriteBatch& rows);

// The counters up to the second `until`, that one included, as `options` sees them.
// Errors: storage_corrupt (recount the namespace), storage_failed.
Result<NamespaceCount> read_usage(RocksDbStore& store, NamespaceId id, Instant until,
                                  rocksdb::ReadOptions options = {});

}  // namespace cubby
