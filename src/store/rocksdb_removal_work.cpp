#include "store/rocksdb_removal_work.hpp"

namespace cubby {

Result<void> RocksDbRemovalWork::recover() {
  const auto removals = pending_removals(store_);
  if (!removals) return removals.error();
  pending_.insert(removals->begin(), removals->end());
  waiting_ = pending_;
  go_on();
  return {};
}

void RocksDbRemovalWork::begin(NamespaceId id) {
  pending_.insert(id);
  waiting_.insert(id);
  go_on();
}

void RocksDbRemovalWork::go_on() {
  if (is_busy_ || waiting_.empty() || !background_.begin()) return;
  is_busy_ = true;
  pool_.run_detached([this, id = *waiting_.begin()] {
    commit(id, std::make_shared<const Result<RemovalStep>>(next_removal_step(store_, id)));
    background_.end();
  });
}

void RocksDbRemovalWork::commit(NamespaceId id, std::shared_ptr<const Result<RemovalStep>> step) {
  commits_.push({.stage = [this, step](RocksDbBatch& batch) -> Result<void> {
                   if (!*step) return step->error();
                   add_removal_step(store_, batch, **step);
                   history_.note_all();
                   return {};
                 },
                 .done =
                     [this, id, step](Result<void> written) {
                       is_busy_ = false;
                       if (!written && written.error().code == Errc::storage_full) return;  // see go_on
                       // After any other failure the next start tries again.
                       if (!written || (*step)->is_last) waiting_.erase(id);
                       if (written && (*step)->is_last) pending_.erase(id);
                       go_on();
                     }});
}

}  // namespace cubby
