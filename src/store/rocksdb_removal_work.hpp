// Carries the removals of namespaces to their end, in the background: reads a step on a storage thread,
// commits it, goes on with the next.
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
  // Goes on with those that a full disk has stopped: called when a write has come through.
  void resume_paused();

 private:
  void run_step(NamespaceId id);
  void commit(std::shared_ptr<const RemovalStep> step);

  RocksDbStore& store_;
  CommitHistory& history_;
  StoragePool& pool_;
  BackgroundWork& background_;
  RocksDbCommits& commits_;
  std::set<NamespaceId> pending_;
  std::set<NamespaceId> paused_;  // of them, those that a full disk stops
};

}  // namespace cubby
