// The folder that holds backups: who has it, and what each backup in it is made of.
// docs/internals/on_disk_format.md has the layout.
#pragma once

#include <rocksdb/utilities/backup_engine.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "core/error.hpp"
#include "store/rocksdb_value_copy.hpp"
#include "store/rocksdb_value_file.hpp"

namespace cubby {

// Nobody changes the folder while somebody else reads or changes it.
class BackupFolderLock {
 public:
  enum class Kind { shared, exclusive };

  // Does not wait. Errors: overloaded (somebody has it), storage_failed (there is no such folder).
  static Result<BackupFolderLock> take(const std::filesystem::path& folder, Kind kind);

 private:
  explicit BackupFolderLock(FileHandle lock) : lock_(std::move(lock)) {}
  FileHandle lock_;
};

// All functions wait for the disk. Errors of all: storage_failed.

std::filesystem::path backup_values_path(const std::filesystem::path& folder);
std::filesystem::path backup_copy_path(const std::filesystem::path& folder, const ValueCopy& copy);

// The set of a backup: the value files that it has beside the database, and by its presence that it was
// finished.
std::filesystem::path backup_sets_path(const std::filesystem::path& folder);
std::filesystem::path backup_set_path(const std::filesystem::path& folder, std::uint32_t id);
Result<void> write_backup_set(const std::filesystem::path& folder, std::uint32_t id,
                              const std::vector<ValueCopy>& copies);
// Errors: storage_corrupt.
Result<std::vector<ValueCopy>> read_backup_set(const std::filesystem::path& folder, std::uint32_t id);

// Of the backups that were finished, ascending; none where there is no folder yet.
Result<std::vector<std::uint32_t>> finished_backups(const std::filesystem::path& folder);
// The newest if none is named. Errors: storage_failed, if it is not there.
Result<std::uint32_t> choose_backup(const std::filesystem::path& folder, std::optional<std::uint32_t> id);

// Removes all but the newest `keep`, and what no backup names any more. Answers how many backups were
// removed. REQUIRES: the folder's exclusive lock. Errors: storage_corrupt.
Result<std::uint64_t> prune_backups(const BackupFolderLock& lock, const std::filesystem::path& folder,
                                    std::size_t keep);

// RocksDB's part of the folder.
Result<std::unique_ptr<rocksdb::BackupEngine>> open_backups_for_change(const std::filesystem::path& folder);
Result<std::unique_ptr<rocksdb::BackupEngineReadOnly>> open_backups_for_reading(
    const std::filesystem::path& folder);

}  // namespace cubby
