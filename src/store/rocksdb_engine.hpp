// The embedded engine: RocksDB in a data directory. A write is acknowledged after the write-ahead log is
// synced.
#pragma once

#include <filesystem>
#include <memory>

#include "store/engine.hpp"

namespace cubby {

enum class Durability {
  sync,     // acknowledged is on stable storage
  relaxed,  // acknowledged is with the operating system: safe from a crash of the process, not of the machine
};

struct RocksDbOptions {
  std::filesystem::path data_directory;
  std::size_t storage_threads = 8;       // they wait for the disk more than they compute
  std::size_t cache_bytes = 128u << 20;  // for what was read lately: rows and values of middle size
  Durability durability = Durability::sync;
};

// Opens the store, or makes it when the directory is new or empty. The destructor waits for writes in flight.
// Errors: storage_failed (in use, not ours, unknown format, not accessible), storage_corrupt (damaged; the
// argument names what). The argument is a sentence for the operator.
Result<std::unique_ptr<Engine>> open_rocksdb_engine(const RocksDbOptions& options);

}  // namespace cubby
