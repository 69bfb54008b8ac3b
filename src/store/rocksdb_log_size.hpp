// How much the log of a database takes.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <filesystem>
#include <system_error>

namespace cubby {

// Of all its files. May wait for the disk; nothing, if it cannot be told. (RocksDB has a call for this, which
// notes each time in its LOG that it keeps files from being deleted meanwhile.)
inline std::uint64_t log_bytes(rocksdb::DB& db) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(db.GetName(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".log") continue;
    std::error_code gone;
    const std::uint64_t bytes = entry->file_size(gone);
    if (!gone) sum += bytes;
  }
  return sum;
}

}  // namespace cubby
