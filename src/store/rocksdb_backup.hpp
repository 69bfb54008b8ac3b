// Makes a backup of the store that is open; the rest of backups is in store/backup.hpp.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "store/backup.hpp"
#include "store/rocksdb_garbage.hpp"
#include "store/rocksdb_store.hpp"
#include "store/rocksdb_value_copy.hpp"
#include "store/rocksdb_value_file.hpp"

namespace rocksdb {
class BackupEngine;
}

namespace cubby {

// Thread-safe; backups are made one after the other.
class RocksDbBackup {
 public:
  RocksDbBackup(RocksDbStore& store, const ValueFiles& files, RocksDbGarbage& garbage)
      : store_(store), files_(files), garbage_(garbage) {}

  // Adds a backup to `folder`, which is made if it is not there, and removes all but the newest `keep` (0:
  // none); where that fails BackupInfo::not_pruned says so. Writes go on meanwhile; value files are not
  // removed until it has ended. Errors: overloaded (another process has the folder), storage_failed (also
  // after `stop`), storage_full (on the store's own disk it leaves the reserve alone), storage_corrupt (a
  // value file is damaged). After an error nothing is left of it.
  Result<BackupInfo> make(const std::filesystem::path& folder, std::size_t keep);

  // Ends a backup that is being made, and refuses all later ones.
  void stop() { is_stopping_ = true; }

 private:
  Result<BackupInfo> make_held(const std::filesystem::path& folder);
  // Adds the value files that the rows of backup `id` name, and then its set.
  Result<void> finish(const std::filesystem::path& folder, rocksdb::BackupEngine& engine, std::uint32_t id);
  // Adds the copy to the folder, unless it is there.
  enum class Copied { already, anew, added };
  Result<Copied> add_copy(const std::filesystem::path& target, const ValueCopy& copy);
  // Whether there is room for so many bytes more. Errors: storage_full.
  Result<void> check_room(std::uint64_t bytes);

  RocksDbStore& store_;
  const ValueFiles& files_;
  RocksDbGarbage& garbage_;
  std::mutex making_;
  bool is_on_the_disk_of_the_store_ = false;  // who makes one
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace cubby
