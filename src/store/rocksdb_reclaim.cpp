#include "store/rocksdb_reclaim.hpp"

#include <algorithm>
#include <charconv>

namespace cubby {
namespace {

// Each flush adds a table to level 0, and from 20 on RocksDB slows writes down, until it stops them.
constexpr int level0_tables_max = 16;

int level0_tables(RocksDbStore& store) {
  int most = 0;
  for (const auto family : {store.heads(), store.values(), store.files(), store.garbage(), store.expiry(),
                            store.usage(), store.catalog(), store.removals(), store.meta()}) {
    std::string text;
    int count = 0;
    if (store.db().GetProperty(family, rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0", &text))
      std::from_chars(text.data(), text.data() + text.size(), count);
    most = std::max(most, count);
  }
  return most;
}

}  // namespace

bool RocksDbReclaim::may_begin() {
  const std::scoped_lock lock(mutex_);
  if (is_running_ || is_stopping_ || store_.bytes_written() == done_at_) return false;
  is_running_ = background_.begin();
  return is_running_;
}

void RocksDbReclaim::request() {
  if (!may_begin()) return;
  pool_.run_detached([this] {
    const std::uint64_t written = store_.bytes_written();
    const bool is_done = run();
    {
      const std::scoped_lock lock(mutex_);
      is_running_ = false;
      if (is_done) done_at_ = written;
    }
    background_.end();
  });
}

// What fails here is tried again at the next request, or known to the store's FailStop.
bool RocksDbReclaim::run() {
  // A flush that finds no space would end all writing.
  if (!store_.space().take(0, DiskSpace::Use::upkeep)) return false;
  // Compactions find no room: more tables would end deletes too, which make some.
  if (level0_tables(store_) >= level0_tables_max) return false;
  if (!store_.flush()) return false;
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kSkip;
  options.allow_write_stall = true;  // as in RocksDbStore::flush
  options.canceled = &is_stopping_;
  for (const auto family : {store_.heads(), store_.values()}) {
    if (const auto compacted = store_.db().CompactRange(options, family, nullptr, nullptr); !compacted.ok())
      return false;
  }
  return true;
}

}  // namespace cubby
