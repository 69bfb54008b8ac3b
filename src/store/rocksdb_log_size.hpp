// How much the log of a database takes.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>

namespace cubby {

// Of all files of it that are still needed. May wait for the disk; nothing, if it cannot be told.
inline std::uint64_t log_bytes(rocksdb::DB& db) {
  rocksdb::VectorLogPtr logs;
  std::uint64_t sum = 0;
  if (!db.GetSortedWalFiles(logs).ok()) return 0;
  for (const auto& log : logs) sum += log->SizeFileBytes();
  return sum;
}

}  // namespace cubby
