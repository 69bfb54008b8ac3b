#include "store/rocksdb_compaction_room.hpp"

#include <algorithm>

namespace cubby {

using namespace std::chrono_literals;

void CompactionRoom::OnCompactionBegin(rocksdb::DB*, const rocksdb::CompactionJobInfo& job) {
  space_.begin_compaction();
  family_ = job.cf_id;
  free_at_begin_ = space_.free_bytes();
  is_wanted_ = job.compaction_reason == rocksdb::CompactionReason::kManualCompaction;
  is_put_off_ = !is_wanted_ && is_hopeless();
  thread_ = std::this_thread::get_id();
}

void CompactionRoom::OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& job) {
  thread_ = std::thread::id();
  // Refused by the disk itself: of a quota, or because others were faster.
  if (job.status.IsNoSpace() && !is_put_off_ && !is_wanted_) note_refused();
  // RocksDB waits for a second after an error before it removes what was written.
  space_.end_compaction(job.status.ok() ? 200ms : 3000ms);
  if (job.status.ok()) refused_.erase(job.cf_id);
  finds_no_room_ = !refused_.empty();
}

bool CompactionRoom::take(std::uint64_t bytes) {
  if (thread_ != std::this_thread::get_id()) return true;
  if (is_put_off_) return false;
  if (space_.take(bytes, DiskSpace::Use::compaction)) return true;
  // One that was asked for is larger, and says nothing of the others.
  if (!is_wanted_) note_refused();
  is_put_off_ = true;
  return false;
}

void CompactionRoom::note_refused() {
  const auto last = refused_.find(family_);
  std::chrono::steady_clock::duration put_off = limits::compaction_put_off;
  if (last != refused_.end() && !has_grown(last->second))
    put_off = std::min<std::chrono::steady_clock::duration>(2 * last->second.put_off, 1h);
  refused_[family_] = {std::chrono::steady_clock::now(), free_at_begin_, put_off};
}

bool CompactionRoom::has_grown(const Refused& last) const {
  return free_at_begin_ >= last.free_bytes + space_.reserve_bytes() / 8;
}

bool CompactionRoom::is_hopeless() const {
  const auto last = refused_.find(family_);
  return last != refused_.end() && !has_grown(last->second) &&
         std::chrono::steady_clock::now() < last->second.at + last->second.put_off;
}

}  // namespace cubby
