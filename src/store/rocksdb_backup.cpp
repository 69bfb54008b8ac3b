#include "store/rocksdb_backup.hpp"

#include <sys/stat.h>

#include <set>

#include "store/data_directory.hpp"
#include "store/rocksdb_backup_folder.hpp"

namespace cubby {
namespace {

namespace fs = std::filesystem;

// The value files that the rows of a backup name.
Result<std::vector<BodyId>> named_files(const rocksdb::BackupEngine& engine, std::uint32_t id) {
  rocksdb::BackupInfo info;
  if (const auto status = engine.GetBackupInfo(id, &info, true); !status.ok()) return to_error(status);
  rocksdb::DBOptions options;
  options.env = info.env_for_open.get();
  // As the server has it: without it RocksDB wants to change a manifest that names logs, and read-only ends
  // the process by an assertion.
  options.track_and_verify_wals_in_manifest = true;
  std::vector<std::string> names;
  auto status = rocksdb::DB::ListColumnFamilies(rocksdb::Options(options, {}), info.name_for_open, &names);
  if (!status.ok()) return to_error(status);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.reserve(names.size());
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  status = rocksdb::DB::OpenForReadOnly(options, info.name_for_open, families, &handles, &opened);
  if (!status.ok()) return to_error(status);
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::vector<BodyId> ids;
  Result<void> read{};
  for (auto* const handle : handles) {
    if (handle->GetName() == "files") {
      const std::unique_ptr<rocksdb::Iterator> row(db->NewIterator({}, handle));
      for (row->SeekToFirst(); row->Valid(); row->Next()) ids.push_back(rows::body_of(to_view(row->key())));
      if (!row->status().ok()) read = to_error(row->status());
    }
    db->DestroyColumnFamilyHandle(handle);
  }
  if (!read) return read.error();
  return ids;
}

bool are_on_one_disk(const fs::path& a, const fs::path& b) {
  struct stat of_a {};
  struct stat of_b {};
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev;
}

}  // namespace

Result<BackupInfo> RocksDbBackup::make(const fs::path& folder, std::size_t keep) try {
  const std::scoped_lock lock(making_);
  if (is_stopping_) return fail(Errc::storage_failed, "the server is stopping");
  if (auto made = make_directories(backup_sets_path(folder)); !made) return made.error();
  const auto folder_lock = BackupFolderLock::take(folder, BackupFolderLock::Kind::exclusive);
  if (!folder_lock) return folder_lock.error();
  is_on_the_disk_of_the_store_ = are_on_one_disk(folder, store_.directory());
  auto made = [&] {
    const RocksDbGarbage::FileHold hold(garbage_);
    return make_held(folder);
  }();
  if (!made || keep == 0) return made;
  // With the same lock, or who makes the next one would find the folder in use.
  // What goes wrong here does not unmake the new one: whoever tried again would push an older one out.
  if (const auto pruned = prune_backups(*folder_lock, folder, keep); !pruned)
    made->not_pruned = pruned.error();
  return made;
} catch (const fs::filesystem_error& error) {
  return fail(Errc::storage_failed, error.what());
}

Result<BackupInfo> RocksDbBackup::make_held(const fs::path& folder) {
  auto engine = open_backups_for_change(folder);
  if (!engine) return engine.error();
  auto room = check_room(0);
  if (!room) return room.error();
  rocksdb::CreateBackupOptions options;
  options.progress_callback = [&] {
    if (room) room = check_room(0);
    if (is_stopping_ || !room) (*engine)->StopBackup();
  };
  rocksdb::BackupID id = 0;
  // Rows first: what they name is then held.
  store_.space().hold_removal(true);  // by RocksDB, which copies what is there
  const auto status = (*engine)->CreateNewBackup(options, &store_.db(), &id);
  store_.space().hold_removal(false);
  if (room && !status.ok()) return to_error(status);
  auto finished = room ? finish(folder, **engine, id) : room;
  if (!finished) {
    // Nobody else would clear it away before a backup succeeds.
    (void)(*engine)->DeleteBackup(id);
    return finished.error();
  }
  const auto infos = list_backups(folder);
  if (!infos) return infos.error();
  for (const BackupInfo& each : *infos) {
    if (each.id == id) return each;
  }
  return fail(Errc::storage_failed, "the backup is gone");
}

Result<void> RocksDbBackup::finish(const fs::path& folder, rocksdb::BackupEngine& engine, std::uint32_t id) {
  const auto named = named_files(engine, id);
  if (!named) return named.error();
  std::vector<ValueCopy> copies;
  std::vector<fs::path> added;
  const auto add_all = [&]() -> Result<void> {
    std::set<fs::path> folders{backup_values_path(folder)};
    for (const BodyId each : *named) {
      const auto copy = describe_value_file(files_.path_of(each), each);
      if (!copy) return copy.error();
      const fs::path target = backup_copy_path(folder, *copy);
      const auto copied = add_copy(target, *copy);
      if (!copied) return copied.error();
      if (*copied != Copied::already) folders.insert(target.parent_path());
      if (*copied == Copied::added) added.push_back(target);
      copies.push_back(*copy);
    }
    if (!copies.empty()) {
      if (auto synced = sync_folders(folders); !synced) return synced.error();
    }
    return write_backup_set(folder, id, copies);
  };
  auto all = add_all();
  if (!all) {
    std::error_code ignored;
    fs::remove(backup_set_path(folder, id), ignored);
    for (const fs::path& each : added) fs::remove(each, ignored);
  }
  return all;
}

Result<RocksDbBackup::Copied> RocksDbBackup::add_copy(const fs::path& target, const ValueCopy& copy) {
  if (is_stopping_) return fail(Errc::storage_failed, "the server is stopping");
  // Of an earlier backup, and as it should be as far as its seals tell: `verify` reads the rest.
  const auto there = describe_value_file(target, copy.id);
  if (there && *there == copy) return Copied::already;
  const Copied how = fs::exists(target) ? Copied::anew : Copied::added;
  if (auto room = check_room(copy.bytes); !room) return room.error();
  if (auto copied = copy_value_file(files_.path_of(copy.id), target, copy); !copied) return copied.error();
  return how;
}

Result<void> RocksDbBackup::check_room(std::uint64_t bytes) {
  // Measured each time: it copies much in a moment, and takes nothing from what others measure.
  if (!is_on_the_disk_of_the_store_ || store_.space().free_bytes() >= bytes + store_.space().reserve_bytes())
    return {};
  return fail(Errc::storage_full, "a backup on the disk of the data leaves its reserve alone");
}

}  // namespace cubby
