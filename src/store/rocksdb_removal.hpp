// Takes away what a removed namespace has left behind, step by step.
//
// The write that removes a namespace puts a row into the removals family: the job. A step takes a portion of
// the heads with what depends on them and notes how far it came; then go rows that no head has named, and
// with the last of them the job. A crash between two steps, or in one, repeats at most that one.
//
// Row by row, and not as a range: where a table has a deleted range, and one after it on level 0 cannot be
// opened, RocksDB 7.8 frees the range twice (Version::AddIteratorsForLevel).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "store/rocksdb_batch.hpp"

namespace cubby {

struct RemovalStep {
  NamespaceId namespace_id;
  std::vector<std::pair<RocksDbStore::Family, std::string>> rows{};
  std::vector<BodyRef> files{};
  std::string last_head;  // how far this step comes
  bool is_last = false;
};

// Reads what the next step has to do. May wait for the disk. Errors: storage_corrupt, storage_failed.
Result<RemovalStep> next_removal_step(RocksDbStore& store, NamespaceId namespace_id);

// Adds the step to a batch.
void add_removal_step(RocksDbStore& store, RocksDbBatch& batch, const RemovalStep& step);

// Adds the job to a batch.
void add_removal(RocksDbStore& store, RocksDbBatch& batch, NamespaceId namespace_id);

// The namespaces whose removal has not come to its end. Errors: storage_failed.
Result<std::vector<NamespaceId>> pending_removals(RocksDbStore& store);

}  // namespace cubby
