// What RocksDB and the disk say about themselves.
#pragma once

#include <chrono>
#include <mutex>

#include "store/engine_figures.hpp"
#include "store/rocksdb_store.hpp"

namespace cubby {

// Adds to `figures` what can be asked of the store: its properties, the disk, and what is due at `now`.
// May wait for the disk. Cost: constant, but for the sizes of value files, which are asked for again after a
// minute at the earliest, and the due values, of which at most limits::expired_counted_max are counted.
class RocksDbFigures {
 public:
  explicit RocksDbFigures(RocksDbStore& store) : store_(store) {}

  // Thread-safe.
  void add_to(EngineFigures& figures, Instant now);

 private:
  std::uint64_t value_file_bytes();

  RocksDbStore& store_;
  std::mutex mutex_;  // guards what follows
  std::chrono::steady_clock::time_point measured_at_{};
  std::uint64_t value_file_bytes_ = 0;
  bool is_measured_ = false;
};

}  // namespace cubby
