// Carries the removals of namespaces to their end, in the background and one after the other: reads a step on
// a storage thread, commits it, goes on with the next. One step is in memory, however many removals there
// are.
#pragma once

#include <memory>
#include <set>

#include "store/background_work.hpp"
#include "store/rocksdb_commits.hpp"
#include "store/rocksdb_removal.hpp"
#include "store/storage_pool.hpp"

namespace cubby {

// Used on the commit thread only, and before that runs. Whoever ends it stops `background` first.
class RocksDbRemovalWork {
 public:
  RocksDbRemovalWork(RocksDbStore& store, CommitHistory& history, StoragePool& pool,
                     BackgroundWork& background, RocksDbCommits& commits)
      : store_(store), history_(history), pool_(pool), background_(background), commits_(commits) {}

  // Goes on with what earlier starts have left. Errors: storage_failed.
  Result<void> recover();
  // REQUIRES: the job is written (`add_removal`).
  void begin(NamespaceId id);
  // Whether rows of a namespace that was of this id may still be there.
  bool is_pending(NamespaceId id) const { return pending_.contains(id); }
  // The next step, if none is under way. A full disk ends the steps: called when a write has come through.
  void go_on();

 private:
  void commit(NamespaceId id, std::shared_ptr<const Result<RemovalStep>> step);

  RocksDbStore& store_;
  CommitHistory& history_;
  StoragePool& pool_;
  BackgroundWork& background_;
  RocksDbCommits& commits_;
  std::set<NamespaceId> pending_;
  std::set<NamespaceId> waiting_;  // of them, those with a next step before the next start
  bool is_busy_ = false;           // a step is under way
};

}  // namespace cubby
