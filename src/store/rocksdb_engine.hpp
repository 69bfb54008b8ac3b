// The embedded engine: RocksDB in a data directory. A write is acknowledged after the write-ahead log is
// synced.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "store/engine.hpp"

namespace rocksdb {
class FileSystem;
}

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
  // How much of the disk puts leave free; nothing: default_disk_reserve.
  std::optional<std::uint64_t> disk_reserve_bytes{};
  std::uint64_t log_bytes_max = 128u << 20;            // what a start after a kill reads at most
  std::shared_ptr<rocksdb::FileSystem> file_system{};  // all writing goes through it; nothing: the machine's
  std::function<std::uint64_t()> measure_disk{};       // its free bytes; nothing: the machine says
};

// Opens the store, or makes it when the directory is new or empty. The destructor waits for writes in flight.
// Errors: storage_failed (in use, not ours, unknown format, not accessible), storage_corrupt (damaged; the
// argument names what). The argument is a sentence for the operator.
Result<std::unique_ptr<Engine>> open_rocksdb_engine(const RocksDbOptions& options);

}  // namespace cubby
