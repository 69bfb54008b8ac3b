// Gives back what deleted values still take of a disk that is short of space.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "store/background_work.hpp"
#include "store/rocksdb_store.hpp"
#include "store/storage_pool.hpp"

namespace cubby {

// A value file goes with its value. A row goes when its table is compacted, which waits for more writes; on a
// full disk there are none, so it is done when somebody asks. Thread-safe.
class RocksDbReclaim {
 public:
  RocksDbReclaim(RocksDbStore& store, StoragePool& pool, BackgroundWork& background)
      : store_(store), pool_(pool), background_(background) {}

  // Begins, on a storage thread, unless it is under way, or nothing was written since the last time. It
  // pauses for as long as it took, and longer where that was for nothing.
  void request();
  // Ends what is under way, for which it waits, and begins nothing more.
  void stop();

 private:
  enum class Outcome { not_begun, no_room, done };

  bool may_begin();
  Outcome run();

  RocksDbStore& store_;
  StoragePool& pool_;
  BackgroundWork& background_;
  std::atomic<bool> is_stopping_ = false;
  std::mutex mutex_;  // guards what follows
  bool is_running_ = false;
  std::chrono::steady_clock::time_point not_before_{};
  std::uint64_t done_at_ = 0;  // what was written by then is reclaimed
};

}  // namespace cubby
