// Backups of a data directory: a folder that holds several, each whole, which share what is the same in them.
//
// A backup is what the store was at one moment, also of a running server: rows, and the value files that
// they name. A later one copies only what has come since. All functions wait for the disk. Errors of all:
// storage_failed, storage_corrupt and, where another process has the folder, overloaded; with a sentence for
// the operator. docs/internals/on_disk_format.md has the layout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/values.hpp"

namespace cubby {

struct BackupInfo {
  std::uint32_t id = 0;  // grows from backup to backup
  Instant made_at;
  std::uint64_t bytes = 0;  // of a restored data directory, about
  std::uint64_t value_files = 0;
  std::optional<Error>
      not_pruned{};  // of one just made: why older ones, or what only they name, is still there
};

// Those that were finished, oldest first.
Result<std::vector<BackupInfo>> list_backups(const std::filesystem::path& folder);

// Reads everything of one backup, or of all, against its checksums; `tell` is given a sentence for each
// finding. Answers how many backups are damaged.
Result<std::uint64_t> verify_backups(const std::filesystem::path& folder, std::optional<std::uint32_t> id,
                                     const std::function<void(const std::string&)>& tell);

// Removes all but the newest `keep`, and what no backup names any more. Answers how many backups were
// removed.
Result<std::uint64_t> prune_backups(const std::filesystem::path& folder, std::size_t keep);

struct RestoreOptions {
  std::filesystem::path folder;
  std::optional<std::uint32_t> id;       // nothing: the newest
  std::filesystem::path data_directory;  // new or empty
  std::optional<NamespaceId> only;       // nothing: all namespaces
};

// Makes a data directory as it was. After a failure, or an end in the middle, the directory has no marker but
// what was restored so far under a name of its own: no server takes it, nor another restore.
Result<BackupInfo> restore_backup(const RestoreOptions& options);

}  // namespace cubby
