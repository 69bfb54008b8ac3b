#include "store/rocksdb_backup_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "store/data_directory.hpp"
#include "store/rocksdb_store.hpp"

namespace cubby {
namespace {

namespace fs = std::filesystem;

// On disk: never change them.
constexpr const char* lock_name = "LOCK";
constexpr const char* sets_name = "sets";
constexpr const char* values_name = "values";
constexpr std::string_view set_head = "cubby backup 1\n";

std::uint64_t hash_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string hexadecimal(std::uint64_t value) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value));
  return digits;
}

}  // namespace

Result<BackupFolderLock> BackupFolderLock::take(const fs::path& folder, Kind kind) {
  const fs::path path = folder / lock_name;
  const int flags = kind == Kind::exclusive ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC;
  FileHandle lock(::open(path.c_str(), flags, 0600));
  if (!lock)
    return fail(Errc::storage_failed,
                "no folder of backups: cannot open " + path.string() + ": " + std::strerror(errno));
  if (::flock(lock.get(), (kind == Kind::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
    return fail(Errc::overloaded, "the backups in " + folder.string() + " are in use");
  return BackupFolderLock(std::move(lock));
}

fs::path backup_values_path(const fs::path& folder) {
  return folder / values_name;
}

fs::path backup_copy_path(const fs::path& folder, const ValueCopy& copy) {
  return value_file_path(backup_values_path(folder), copy.id).string() + "-" + hexadecimal(copy.fingerprint);
}

fs::path backup_sets_path(const fs::path& folder) {
  return folder / sets_name;
}

fs::path backup_set_path(const fs::path& folder, std::uint32_t id) {
  return backup_sets_path(folder) / std::to_string(id);
}

Result<void> write_backup_set(const fs::path& folder, std::uint32_t id,
                              const std::vector<ValueCopy>& copies) {
  std::string text(set_head);
  for (const ValueCopy& each : copies) {
    text += hexadecimal(static_cast<std::uint64_t>(each.id)) + ' ' + hexadecimal(each.fingerprint) + ' ' +
            std::to_string(each.bytes) + '\n';
  }
  text += "end " + hexadecimal(hash_of(text)) + '\n';
  return write_file_durably(backup_set_path(folder, id), text, 0600);
}

Result<std::vector<ValueCopy>> read_backup_set(const fs::path& folder, std::uint32_t id) {
  std::ifstream file(backup_set_path(folder, id), std::ios::binary);
  if (!file) return fail(Errc::storage_failed, "there is no backup " + std::to_string(id));
  std::stringstream content;
  content << file.rdbuf();
  const std::string text = content.str();
  const auto damaged = [&] {
    return fail(Errc::storage_corrupt, "the list of value files of backup " + std::to_string(id));
  };
  const auto end = text.rfind("end ");
  if (end == text.npos || text.substr(end) != "end " + hexadecimal(hash_of(text.substr(0, end))) + '\n' ||
      !text.starts_with(set_head))
    return damaged();
  std::istringstream lines(text.substr(set_head.size(), end - set_head.size()));
  std::vector<ValueCopy> copies;
  std::string body;
  std::string fingerprint;
  std::uint64_t bytes = 0;
  while (lines >> body >> fingerprint >> bytes)
    copies.push_back({BodyId{std::stoull(body, nullptr, 16)}, std::stoull(fingerprint, nullptr, 16), bytes});
  return copies;
}

Result<std::vector<std::uint32_t>> finished_backups(const fs::path& folder) {
  std::vector<std::uint32_t> ids;
  std::error_code error;
  if (!fs::exists(backup_sets_path(folder), error) && !error) return ids;
  for (fs::directory_iterator each(backup_sets_path(folder), error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename();
    if (!name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == name.npos)
      ids.push_back(static_cast<std::uint32_t>(std::stoul(name)));
  }
  // Not those that were read until then: what is not named is removed as unfinished.
  if (error) return fail(Errc::storage_failed, backup_sets_path(folder).string() + ": " + error.message());
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<std::uint32_t> choose_backup(const fs::path& folder, std::optional<std::uint32_t> id) {
  const auto ids = finished_backups(folder);
  if (!ids) return ids.error();
  if (ids->empty()) return fail(Errc::storage_failed, "there is no backup in " + folder.string());
  if (!id) return ids->back();
  if (!std::binary_search(ids->begin(), ids->end(), *id))
    return fail(Errc::storage_failed, "there is no backup " + std::to_string(*id) + " in " + folder.string());
  return *id;
}

namespace {

rocksdb::BackupEngineOptions engine_options(const fs::path& folder) {
  rocksdb::BackupEngineOptions options((folder / "db").string());
  options.max_background_operations = 1;
  return options;
}

}  // namespace

Result<std::unique_ptr<rocksdb::BackupEngine>> open_backups_for_change(const fs::path& folder) {
  rocksdb::BackupEngine* engine = nullptr;
  const auto status = rocksdb::BackupEngine::Open(engine_options(folder), rocksdb::Env::Default(), &engine);
  if (!status.ok()) return to_error(status);
  return std::unique_ptr<rocksdb::BackupEngine>(engine);
}

Result<std::unique_ptr<rocksdb::BackupEngineReadOnly>> open_backups_for_reading(const fs::path& folder) {
  rocksdb::BackupEngineReadOnly* engine = nullptr;
  const auto status =
      rocksdb::BackupEngineReadOnly::Open(engine_options(folder), rocksdb::Env::Default(), &engine);
  if (!status.ok()) return to_error(status);
  return std::unique_ptr<rocksdb::BackupEngineReadOnly>(engine);
}

Result<std::uint64_t> prune_backups(const BackupFolderLock&, const fs::path& folder, std::size_t keep) try {
  auto engine = open_backups_for_change(folder);
  if (!engine) return engine.error();
  const auto ids = finished_backups(folder);
  if (!ids) return ids.error();
  const std::size_t surplus = ids->size() > keep ? ids->size() - keep : 0;
  const std::set<std::uint32_t> kept(ids->begin() + static_cast<std::ptrdiff_t>(surplus), ids->end());
  for (std::size_t i = 0; i < surplus; ++i) fs::remove(backup_set_path(folder, (*ids)[i]));
  if (auto synced = sync_directory(backup_sets_path(folder)); !synced) return synced.error();
  // Those that were begun and not finished go too.
  std::vector<rocksdb::BackupInfo> known;
  (*engine)->GetBackupInfo(&known);
  for (const auto& each : known) {
    if (kept.contains(each.backup_id)) continue;
    if (const auto status = (*engine)->DeleteBackup(each.backup_id); !status.ok()) return to_error(status);
  }
  if (const auto status = (*engine)->GarbageCollect(); !status.ok()) return to_error(status);
  std::set<fs::path> named;
  for (const std::uint32_t each : kept) {
    const auto copies = read_backup_set(folder, each);
    if (!copies) return copies.error();
    for (const ValueCopy& copy : *copies) named.insert(backup_copy_path(folder, copy));
  }
  if (fs::exists(backup_values_path(folder))) {
    for (const auto& each : fs::recursive_directory_iterator(backup_values_path(folder))) {
      if (each.is_regular_file() && !named.contains(each.path())) fs::remove(each.path());
    }
  }
  return surplus;
} catch (const fs::filesystem_error& error) {
  return fail(Errc::storage_failed, error.what());
}

}  // namespace cubby
