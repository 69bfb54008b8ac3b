#include "store/backup.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/limits.hpp"
#include "store/catalog_record.hpp"
#include "store/data_directory.hpp"
#include "store/rocksdb_backup_folder.hpp"
#include "store/rocksdb_store.hpp"

namespace cubby {

namespace fs = std::filesystem;

Result<std::vector<BackupInfo>> list_backups(const fs::path& folder) {
  // First, so that the engine knows of all that are finished by then.
  const auto finished = finished_backups(folder);
  if (!finished) return finished.error();
  std::vector<BackupInfo> infos;
  if (finished->empty()) return infos;  // RocksDB's part may not be there yet
  const auto engine = open_backups_for_reading(folder);
  if (!engine) return engine.error();
  for (const std::uint32_t id : *finished) {
    rocksdb::BackupInfo known;
    const auto copies = read_backup_set(folder, id);
    std::error_code error;
    if (!fs::exists(backup_set_path(folder, id), error) && !error) continue;  // removed meanwhile
    // What is damaged is for `verify_backups` to tell.
    if (!copies || !(*engine)->GetBackupInfo(id, &known).ok()) {
      infos.push_back({.id = id, .made_at = {}});
      continue;
    }
    BackupInfo info{id, Instant{std::chrono::seconds(known.timestamp)}, known.size, copies->size()};
    for (const ValueCopy& each : *copies) info.bytes += each.bytes;
    infos.push_back(info);
  }
  return infos;
}

Result<std::uint64_t> verify_backups(const fs::path& folder, std::optional<std::uint32_t> id,
                                     const std::function<void(const std::string&)>& tell) {
  const auto lock = BackupFolderLock::take(folder, BackupFolderLock::Kind::shared);
  if (!lock) return lock.error();
  const auto chosen = choose_backup(folder, id);
  if (!chosen) return chosen.error();
  const auto engine = open_backups_for_reading(folder);
  if (!engine) return engine.error();
  const auto all = finished_backups(folder);
  if (!all) return all.error();
  std::map<ValueCopy, bool> are_whole;  // files that several backups share are read once
  std::uint64_t damaged = 0;
  for (const std::uint32_t each : id ? std::vector{*chosen} : *all) {
    bool is_whole = true;
    const auto complain = [&](const std::string& what) {
      is_whole = false;
      tell("backup " + std::to_string(each) + ": " + what);
    };
    if (const auto status = (*engine)->VerifyBackup(each, true); !status.ok()) complain(status.ToString());
    const auto copies = read_backup_set(folder, each);
    if (!copies) complain(copies.error().argument + " is damaged");
    for (const ValueCopy& copy : copies ? *copies : std::vector<ValueCopy>{}) {
      const auto known = are_whole.find(copy);
      if (known != are_whole.end()) {
        if (!known->second) complain(backup_copy_path(folder, copy).string() + " is damaged");
        continue;
      }
      const auto read = check_value_file(backup_copy_path(folder, copy), copy);
      if (!read) complain(read.error().argument);
      are_whole.emplace(copy, read.has_value());
    }
    if (!is_whole) ++damaged;
  }
  return damaged;
}

Result<std::uint64_t> prune_backups(const fs::path& folder, std::size_t keep) {
  const auto lock = BackupFolderLock::take(folder, BackupFolderLock::Kind::exclusive);
  if (!lock) return lock.error();
  return prune_backups(*lock, folder, keep);
}

namespace {

// Within the data directory. As long as it is there and the marker is not, no server takes the directory.
constexpr const char* unfinished_name = "unfinished-restore";

// Makes a data directory of all namespaces.
Result<void> restore_all(rocksdb::BackupEngineReadOnly& engine, const fs::path& folder, std::uint32_t id,
                         const fs::path& data_directory) {
  auto directory = DataDirectory::open(data_directory);
  if (!directory) return directory.error();
  const auto copies = read_backup_set(folder, id);
  if (!copies) return copies.error();
  const std::string database = directory->database().string();
  if (const auto status = engine.RestoreDBFromBackup(id, database, database); !status.ok())
    return to_error(status);
  std::set<fs::path> folders;
  for (const ValueCopy& copy : *copies) {
    const fs::path target = value_file_path(directory->values(), copy.id);
    if (auto copied = copy_value_file(backup_copy_path(folder, copy), target, copy); !copied) return copied;
    folders.insert(target.parent_path());
  }
  if (auto synced = sync_folders(folders); !synced) return synced;
  if (auto synced = sync_directory(directory->database()); !synced) return synced;
  return directory->mark();
}

// Leaves the other namespaces to the removal that the next start goes on with.
Result<void> remove_others(const fs::path& data_directory, NamespaceId only) {
  const auto opened = RocksDbStore::open({.data_directory = data_directory, .cache_bytes = 8 * limits::MiB});
  if (!opened) return opened.error();
  RocksDbStore& store = **opened;
  bool is_there = false;
  rocksdb::WriteBatch batch;
  const std::unique_ptr<rocksdb::Iterator> row(store.db().NewIterator({}, store.catalog()));
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    const auto known = decode_catalog_row(to_view(row->value()), to_view(row->key()));
    if (!known) return known.error();
    const auto* const each = std::get_if<Namespace>(&*known);
    if (!each) continue;
    if (each->id == only) {
      is_there = true;
      continue;
    }
    std::string progress;
    seal(progress, each->id.view());
    batch.Delete(store.catalog(), row->key());
    batch.Put(store.removals(), to_slice(each->id.view()), progress);
  }
  if (!row->status().ok()) return to_error(row->status());
  if (!is_there) return fail(Errc::storage_failed, "the backup has no namespace " + only.text());
  return store.write(batch, RocksDbStore::Sync::yes);
}

// Moves what was restored to where it is meant to be.
Result<void> take_over(const fs::path& unfinished, const fs::path& data_directory, DataDirectory& directory) {
  for (const fs::path& each : {directory.database(), directory.values()}) {
    const fs::path restored = unfinished / each.filename();
    if (fs::exists(restored)) fs::rename(restored, each);
  }
  if (auto synced = sync_directory(data_directory); !synced) return synced;
  if (auto marked = directory.mark(); !marked) return marked;
  std::error_code ignored;  // what is left of it does no harm
  fs::remove_all(unfinished, ignored);
  return {};
}

}  // namespace

Result<BackupInfo> restore_backup(const RestoreOptions& options) try {
  const fs::path& folder = options.folder;
  const auto lock = BackupFolderLock::take(folder, BackupFolderLock::Kind::shared);
  if (!lock) return lock.error();
  const auto id = choose_backup(folder, options.id);
  if (!id) return id.error();
  const auto engine = open_backups_for_reading(folder);
  if (!engine) return engine.error();
  auto directory = DataDirectory::open(options.data_directory);
  if (!directory) return directory.error();
  if (!directory->is_new() || fs::exists(directory->database()))
    return fail(Errc::storage_failed, options.data_directory.string() + " is not empty");
  const fs::path unfinished = options.data_directory / unfinished_name;
  if (auto restored = restore_all(**engine, folder, *id, unfinished); !restored) return restored.error();
  if (options.only) {
    if (auto removed = remove_others(unfinished, *options.only); !removed) return removed.error();
  }
  if (auto moved = take_over(unfinished, options.data_directory, *directory); !moved) return moved.error();
  const auto infos = list_backups(folder);
  if (!infos) return infos.error();
  for (const BackupInfo& each : *infos) {
    if (each.id == *id) return each;
  }
  return fail(Errc::storage_failed, "the backup is gone");
} catch (const fs::filesystem_error& error) {
  return fail(Errc::storage_failed, error.what());
}

}  // namespace cubby
