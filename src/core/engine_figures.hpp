// What an engine tells about itself, for who watches it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/counters.hpp"

namespace cubby {

struct EngineFigures {
  bool has_failed = false;              // a write failed; nothing is acknowledged until a restart
  bool is_full = false;                 // the disk is below its reserve, and puts are refused
  std::uint64_t commits_waiting = 0;    // writes that wait for the commit thread
  std::uint64_t commits_count = 0;      // writes that were committed
  Durations commits;                    // of groups of them, with the sync
  std::uint64_t reads_from_memory = 0;  // of keys
  std::uint64_t reads_from_disk = 0;
  std::uint64_t storage_bytes = 0;          // on the disk
  std::uint64_t storage_bytes_free = 0;     // of its file system
  std::uint64_t storage_bytes_reserve = 0;  // of them puts leave free
  std::uint64_t expired_waiting = 0;        // values that are due and not yet removed; counted to a bound
  std::uint64_t expired_late_seconds = 0;   // how long the first of them has been due
  // Figures of the library below, by its own names: "block-cache-usage" of RocksDB.
  std::vector<std::pair<std::string, std::uint64_t>> own{};
};

}  // namespace cubby
