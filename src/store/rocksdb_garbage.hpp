// Bodies of values that no head names: of uploads that were cut short, and of values that are gone.
//
// The garbage family has a row for each body that is going to be, or has been, without a head: the row of a
// value in the values family from its writing to its head, a value file from the loss of its head to its
// removal. A file under way has no row; what a crash leaves of those is found in the folder of the start that
// wrote it.
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "store/rocksdb_store.hpp"
#include "store/rocksdb_value_file.hpp"
#include "store/storage_pool.hpp"

namespace cubby {

// The value of a row of the garbage family.
struct Garbage {
  BodyRef::Place place;
  NamespaceId namespace_id;
};
std::string encode_garbage(BodyRef::Place place, NamespaceId namespace_id, std::string_view row);
// Errors: storage_corrupt.
Result<Garbage> decode_garbage(std::string_view bytes, std::string_view row);

// Thread-safe.
class RocksDbGarbage {
 public:
  RocksDbGarbage(RocksDbStore& store, ValueFiles& files) : store_(store), files_(files) {}

  // Removes bodies and then their rows. What cannot be removed keeps its row for the next start.
  // May wait for the disk. Errors: storage_failed.
  Result<void> remove(NamespaceId namespace_id, const std::vector<BodyRef>& bodies);

  // Removes a bounded part of what starts before `start` have left behind; answers whether that was all.
  // Damaged rows stay, for `cubby check` to name. May wait for the disk. Errors: storage_failed.
  Result<bool> collect_some(std::uint64_t start);

  // While one lives no value file is removed; what is to go waits for the end of the last one, and after a
  // crash for the next start.
  class FileHold {
   public:
    explicit FileHold(RocksDbGarbage& garbage) : garbage_(garbage) { garbage_.begin_hold(); }
    ~FileHold() { garbage_.end_hold(); }
    FileHold(const FileHold&) = delete;
    FileHold& operator=(const FileHold&) = delete;

   private:
    RocksDbGarbage& garbage_;
  };

 private:
  void begin_hold();
  void end_hold();
  bool is_held();
  Result<void> remove_now(NamespaceId namespace_id, const std::vector<BodyRef>& bodies);
  Result<bool> collect_rows(std::uint64_t start);
  Result<bool> collect_folder(std::uint64_t start);

  RocksDbStore& store_;
  ValueFiles& files_;
  std::shared_mutex holding_;  // shared: bodies are being removed; exclusive: a hold begins or ends
  unsigned holds_ = 0;
  std::mutex deferring_;  // guards what follows
  std::vector<std::pair<NamespaceId, std::vector<BodyRef>>> deferred_;
};

}  // namespace cubby
