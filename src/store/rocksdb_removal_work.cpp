#include "store/rocksdb_removal_work.hpp"

namespace cubby {

Result<void> RocksDbRemovalWork::recover() {
  const auto removals = pending_removals(store_);
  if (!removals) return removals.error();
  // All of them first: from the first step on the set is the commit thread's.
  pending_.insert(removals->begin(), removals->end());
  for (const NamespaceId& id : *removals) run_step(id);
  return {};
}

void RocksDbRemovalWork::begin(NamespaceId id) {
  pending_.insert(id);
  run_step(id);
}

void RocksDbRemovalWork::resume_paused() {
  for (const NamespaceId& each : std::exchange(paused_, {})) run_step(each);
}

void RocksDbRemovalWork::run_step(NamespaceId id) {
  if (!background_.begin()) return;
  pool_.run_detached([this, id] {
    auto step = next_removal_step(store_, id);
    // If that fails, the next start tries again.
    if (step) commit(std::make_shared<const RemovalStep>(std::move(*step)));
    background_.end();
  });
}

void RocksDbRemovalWork::commit(std::shared_ptr<const RemovalStep> step) {
  commits_.push({.stage = [this, step](RocksDbBatch& batch) -> Result<void> {
                   add_removal_step(store_, batch, *step);
                   history_.note_all();
                   return {};
                 },
                 .done =
                     [this, step](Result<void> written) {
                       if (!written) {
                         if (written.error().code == Errc::storage_full) paused_.insert(step->namespace_id);
                         return;
                       }
                       if (!step->is_last) return run_step(step->namespace_id);
                       pending_.erase(step->namespace_id);
                     }});
}

}  // namespace cubby
