#include "store/rocksdb_reclaim.hpp"

#include <algorithm>

namespace cubby {

using std::chrono::steady_clock;

namespace {

// Each flush adds a table to level 0, and the last ones are for deletes.
constexpr std::uint64_t level0_tables_to_begin = level0_tables_max - 8;

}  // namespace

bool RocksDbReclaim::may_begin() {
  const std::scoped_lock lock(mutex_);
  if (is_running_ || is_stopping_ || store_.bytes_written() == done_at_) return false;
  if (steady_clock::now() < not_before_) return false;
  is_running_ = background_.begin();
  return is_running_;
}

void RocksDbReclaim::request() {
  if (!may_begin()) return;
  pool_.run_detached([this] {
    const std::uint64_t written = store_.bytes_written();
    const auto begin = steady_clock::now();
    const Outcome outcome = run();
    const auto end = steady_clock::now();
    {
      const std::scoped_lock lock(mutex_);
      is_running_ = false;
      if (outcome == Outcome::done) done_at_ = written;
      not_before_ = end + (outcome == Outcome::no_room ? std::min<steady_clock::duration>(
                                                             9 * (end - begin), limits::reclaim_pause_max)
                                                       : end - begin);
    }
    background_.end();
  });
}

// One that waits for its turn does not look at `canceled`.
void RocksDbReclaim::stop() {
  is_stopping_ = true;
  store_.db().DisableManualCompaction();
}

RocksDbReclaim::Outcome RocksDbReclaim::run() {
  // A flush that finds no space would end all writing.
  if (!store_.space().take(0, DiskSpace::Use::compaction)) return Outcome::not_begun;
  if (store_.level0_tables() >= level0_tables_to_begin) return Outcome::not_begun;
  if (!store_.flush()) return Outcome::not_begun;
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kSkip;
  options.allow_write_stall = true;  // as in RocksDbStore::flush
  options.canceled = &is_stopping_;
  Outcome outcome = Outcome::done;
  // Values first: they free more for less.
  for (const auto family : {store_.values(), store_.heads()}) {
    if (!store_.db().CompactRange(options, family, nullptr, nullptr).ok()) outcome = Outcome::no_room;
  }
  return outcome;
}

}  // namespace cubby
