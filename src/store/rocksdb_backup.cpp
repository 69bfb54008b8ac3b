#include "store/rocksdb_backup.hpp"

#include <fcntl.h>
#include <rocksdb/utilities/backup_engine.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/limits.hpp"
#include "store/catalog_record.hpp"
#include "store/data_directory.hpp"

namespace cubby {
namespace {

namespace fs = std::filesystem;

// On disk: never change them.
constexpr const char* lock_name = "LOCK";
constexpr const char* sets_name = "sets";
constexpr const char* values_name = "values";
constexpr std::string_view set_head = "cubby backup 1\n";

constexpr std::uint64_t seal_bytes = sizeof(std::uint64_t);
constexpr std::uint64_t sealed_piece_bytes = limits::value_piece_bytes + seal_bytes;

Error failure(const fs::path& path, const char* what) {
  return fail(Errc::storage_failed, std::string(what) + " " + path.string() + ": " + std::strerror(errno));
}

std::uint64_t hash_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string hexadecimal(std::uint64_t value) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value));
  return digits;
}

// ---- The folder of backups

// Nobody changes the folder while somebody else reads or changes it.
class FolderLock {
 public:
  enum class Kind { shared, exclusive };

  static Result<FolderLock> take(const fs::path& folder, Kind kind) {
    const fs::path path = folder / lock_name;
    const int flags = kind == Kind::exclusive ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC;
    FileHandle lock(::open(path.c_str(), flags, 0600));
    if (!lock) return failure(path, "no folder of backups: cannot open");
    if (::flock(lock.get(), (kind == Kind::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
      return fail(Errc::storage_failed, "the backups in " + folder.string() + " are in use");
    return FolderLock(std::move(lock));
  }

 private:
  explicit FolderLock(FileHandle lock) : lock_(std::move(lock)) {}
  FileHandle lock_;
};

// A value file of a backup.
struct ValueCopy {
  BodyId id{};
  std::uint64_t fingerprint = 0;  // the hash of the seals of its pieces
  std::uint64_t bytes = 0;

  bool operator<(const ValueCopy& other) const {
    return std::tie(id, fingerprint) < std::tie(other.id, other.fingerprint);
  }
};

fs::path path_of(const fs::path& folder, const ValueCopy& copy) {
  return value_file_path(folder / values_name, copy.id).string() + "-" + hexadecimal(copy.fingerprint);
}

fs::path set_path(const fs::path& folder, std::uint32_t id) {
  return folder / sets_name / std::to_string(id);
}

// What a backup has beside the database, and by its presence that it was finished.
Result<void> write_set(const fs::path& folder, std::uint32_t id, const std::vector<ValueCopy>& copies) {
  std::string text(set_head);
  for (const ValueCopy& each : copies) {
    text += hexadecimal(static_cast<std::uint64_t>(each.id)) + ' ' + hexadecimal(each.fingerprint) + ' ' +
            std::to_string(each.bytes) + '\n';
  }
  text += "end " + hexadecimal(hash_of(text)) + '\n';
  return write_file_durably(set_path(folder, id), text, 0600);
}

Result<std::vector<ValueCopy>> read_set(const fs::path& folder, std::uint32_t id) {
  std::ifstream file(set_path(folder, id), std::ios::binary);
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

std::vector<std::uint32_t> finished_ids(const fs::path& folder) {
  std::vector<std::uint32_t> ids;
  std::error_code error;
  for (const auto& each : fs::directory_iterator(folder / sets_name, error)) {
    const std::string name = each.path().filename();
    if (!name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == name.npos)
      ids.push_back(static_cast<std::uint32_t>(std::stoul(name)));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<std::uint32_t> choose(const fs::path& folder, std::optional<std::uint32_t> id) {
  const auto ids = finished_ids(folder);
  if (ids.empty()) return fail(Errc::storage_failed, "there is no backup in " + folder.string());
  if (!id) return ids.back();
  if (!std::binary_search(ids.begin(), ids.end(), *id))
    return fail(Errc::storage_failed, "there is no backup " + std::to_string(*id) + " in " + folder.string());
  return *id;
}

rocksdb::BackupEngineOptions engine_options(const fs::path& folder) {
  rocksdb::BackupEngineOptions options((folder / "db").string());
  options.max_background_operations = 1;
  return options;
}

Result<std::unique_ptr<rocksdb::BackupEngine>> open_for_change(const fs::path& folder) {
  rocksdb::BackupEngine* engine = nullptr;
  const auto status = rocksdb::BackupEngine::Open(engine_options(folder), rocksdb::Env::Default(), &engine);
  if (!status.ok()) return to_error(status);
  return std::unique_ptr<rocksdb::BackupEngine>(engine);
}

Result<std::unique_ptr<rocksdb::BackupEngineReadOnly>> open_for_reading(const fs::path& folder) {
  rocksdb::BackupEngineReadOnly* engine = nullptr;
  const auto status =
      rocksdb::BackupEngineReadOnly::Open(engine_options(folder), rocksdb::Env::Default(), &engine);
  if (!status.ok()) return to_error(status);
  return std::unique_ptr<rocksdb::BackupEngineReadOnly>(engine);
}

// ---- Value files

Result<FileHandle> open_file(const fs::path& path) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failure(path, "cannot open");
  return file;
}

std::uint64_t value_bytes_of(std::uint64_t file_bytes) {
  const std::uint64_t pieces = (file_bytes + sealed_piece_bytes - 1) / sealed_piece_bytes;
  return file_bytes - pieces * seal_bytes;
}

// What tells one content of a value file from another, at the cost of reading its seals.
Result<ValueCopy> describe(const fs::path& path, BodyId id) {
  auto file = open_file(path);
  if (!file) return file.error();
  struct stat state {};
  if (::fstat(file->get(), &state) != 0) return failure(path, "cannot read");
  ValueCopy copy{.id = id, .bytes = static_cast<std::uint64_t>(state.st_size)};
  std::string seals;
  for (std::uint64_t end = 0; end < copy.bytes;) {
    end = std::min(copy.bytes, end + sealed_piece_bytes);
    char seal[seal_bytes];
    if (end < seal_bytes || ::pread(file->get(), seal, sizeof seal, static_cast<off_t>(end - seal_bytes)) !=
                                static_cast<ssize_t>(sizeof seal))
      return failure(path, "cannot read");
    seals.append(seal, sizeof seal);
  }
  copy.fingerprint = hash_of(seals);
  return copy;
}

// Reads a value file to its end against its seals, and gives each sealed piece to `take`.
template <class Take>
Result<void> read_sealed(const fs::path& path, const ValueCopy& copy, Take take) {
  const auto described = describe(path, copy.id);
  if (!described) return described.error();
  if (described->bytes != copy.bytes || described->fingerprint != copy.fingerprint)
    return fail(Errc::storage_corrupt, path.string() + " is not what it was");
  auto file = open_file(path);
  if (!file) return file.error();
  ValueFileReader reader(std::move(*file), copy.id, value_bytes_of(copy.bytes));
  std::string buffer;
  for (;;) {
    const auto piece = reader.read(buffer);
    if (!piece) return fail(piece.error().code, path.string() + ": " + piece.error().argument);
    if (piece->empty()) return {};
    if (auto taken = take(std::string_view(buffer).substr(0, piece->size() + seal_bytes)); !taken)
      return taken;
  }
}

// A copy is there whole, and durable but for its name, or not at all.
Result<void> copy_value_file(const fs::path& from, const fs::path& to, const ValueCopy& copy) {
  if (auto made = make_directories(to.parent_path()); !made) return made;
  const fs::path draft = to.string() + ".new";
  ::unlink(draft.c_str());
  FileHandle file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return failure(draft, "cannot create");
  const auto write = [&](std::string_view bytes) -> Result<void> {
    while (!bytes.empty()) {
      const auto written = ::write(file.get(), bytes.data(), bytes.size());
      if (written <= 0) return failure(draft, "cannot write");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  };
  if (auto read = read_sealed(from, copy, write); !read) {
    ::unlink(draft.c_str());
    return read;
  }
  if (::fsync(file.get()) != 0) return failure(draft, "cannot sync");
  if (::rename(draft.c_str(), to.c_str()) != 0) return failure(to, "cannot rename to");
  return {};
}

Result<void> sync_parents(const std::set<fs::path>& folders) {
  for (const fs::path& each : folders) {
    if (auto synced = sync_directory(each); !synced) return synced;
  }
  return {};
}

// The value files that the rows of a backup name.
Result<std::vector<BodyId>> named_files(const rocksdb::BackupEngine& engine, std::uint32_t id) {
  rocksdb::BackupInfo info;
  if (const auto status = engine.GetBackupInfo(id, &info, true); !status.ok()) return to_error(status);
  rocksdb::DBOptions options;
  options.env = info.env_for_open.get();
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

}  // namespace

// ---- Making one

Result<BackupInfo> RocksDbBackup::make(const fs::path& folder) try {
  const std::scoped_lock lock(making_);
  if (is_stopping_) return fail(Errc::storage_failed, "the server is stopping");
  if (auto made = make_directories(folder / sets_name); !made) return made.error();
  const auto folder_lock = FolderLock::take(folder, FolderLock::Kind::exclusive);
  if (!folder_lock) return folder_lock.error();
  const RocksDbGarbage::FileHold hold(garbage_);
  return make_held(folder);
} catch (const fs::filesystem_error& error) {
  return fail(Errc::storage_failed, error.what());
}

Result<BackupInfo> RocksDbBackup::make_held(const fs::path& folder) {
  auto engine = open_for_change(folder);
  if (!engine) return engine.error();
  rocksdb::CreateBackupOptions options;
  options.progress_callback = [this, &engine] {
    if (is_stopping_) (*engine)->StopBackup();
  };
  rocksdb::BackupID id = 0;
  // Rows first: what they name is then held.
  if (const auto status = (*engine)->CreateNewBackup(options, &store_.db(), &id); !status.ok())
    return to_error(status);
  const auto named = named_files(**engine, id);
  if (!named) return named.error();
  std::vector<ValueCopy> copies;
  std::set<fs::path> folders{folder / values_name};
  for (const BodyId each : *named) {
    if (is_stopping_) return fail(Errc::storage_failed, "the server is stopping");
    const auto copy = describe(files_.path_of(each), each);
    if (!copy) return copy.error();
    const fs::path target = path_of(folder, *copy);
    if (!fs::exists(target)) {
      if (auto copied = copy_value_file(files_.path_of(each), target, *copy); !copied) return copied.error();
      folders.insert(target.parent_path());
    }
    copies.push_back(*copy);
  }
  if (!copies.empty()) {
    if (auto synced = sync_parents(folders); !synced) return synced.error();
  }
  if (auto written = write_set(folder, id, copies); !written) return written.error();
  const auto infos = list_backups(folder);
  if (!infos) return infos.error();
  return infos->back();
}

// ---- The rest

Result<std::vector<BackupInfo>> list_backups(const fs::path& folder) {
  const auto engine = open_for_reading(folder);
  if (!engine) return engine.error();
  std::vector<BackupInfo> infos;
  for (const std::uint32_t id : finished_ids(folder)) {
    rocksdb::BackupInfo known;
    const auto copies = read_set(folder, id);
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
  const auto lock = FolderLock::take(folder, FolderLock::Kind::shared);
  if (!lock) return lock.error();
  const auto chosen = choose(folder, id);
  if (!chosen) return chosen.error();
  const auto engine = open_for_reading(folder);
  if (!engine) return engine.error();
  std::map<ValueCopy, bool> are_whole;  // files that several backups share are read once
  std::uint64_t damaged = 0;
  for (const std::uint32_t each : id ? std::vector{*chosen} : finished_ids(folder)) {
    bool is_whole = true;
    const auto complain = [&](const std::string& what) {
      is_whole = false;
      tell("backup " + std::to_string(each) + ": " + what);
    };
    if (const auto status = (*engine)->VerifyBackup(each, true); !status.ok()) complain(status.ToString());
    const auto copies = read_set(folder, each);
    if (!copies) complain(copies.error().argument + " is damaged");
    for (const ValueCopy& copy : copies ? *copies : std::vector<ValueCopy>{}) {
      const auto known = are_whole.find(copy);
      if (known != are_whole.end()) {
        if (!known->second) complain(path_of(folder, copy).string() + " is damaged");
        continue;
      }
      const auto read = read_sealed(path_of(folder, copy), copy, [](auto) { return Result<void>{}; });
      if (!read) complain(read.error().argument);
      are_whole.emplace(copy, read.has_value());
    }
    if (!is_whole) ++damaged;
  }
  return damaged;
}

Result<std::uint64_t> prune_backups(const fs::path& folder, std::size_t keep) try {
  const auto lock = FolderLock::take(folder, FolderLock::Kind::exclusive);
  if (!lock) return lock.error();
  auto engine = open_for_change(folder);
  if (!engine) return engine.error();
  auto ids = finished_ids(folder);
  const std::size_t surplus = ids.size() > keep ? ids.size() - keep : 0;
  const std::set<std::uint32_t> kept(ids.begin() + static_cast<std::ptrdiff_t>(surplus), ids.end());
  for (std::size_t i = 0; i < surplus; ++i) fs::remove(set_path(folder, ids[i]));
  if (auto synced = sync_directory(folder / sets_name); !synced) return synced.error();
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
    const auto copies = read_set(folder, each);
    if (!copies) return copies.error();
    for (const ValueCopy& copy : *copies) named.insert(path_of(folder, copy));
  }
  if (fs::exists(folder / values_name)) {
    for (const auto& each : fs::recursive_directory_iterator(folder / values_name)) {
      if (each.is_regular_file() && !named.contains(each.path())) fs::remove(each.path());
    }
  }
  return surplus;
} catch (const fs::filesystem_error& error) {
  return fail(Errc::storage_failed, error.what());
}

namespace {

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

}  // namespace

Result<BackupInfo> restore_backup(const RestoreOptions& options) try {
  const fs::path& folder = options.folder;
  const auto lock = FolderLock::take(folder, FolderLock::Kind::shared);
  if (!lock) return lock.error();
  const auto id = choose(folder, options.id);
  if (!id) return id.error();
  const auto engine = open_for_reading(folder);
  if (!engine) return engine.error();
  const auto copies = read_set(folder, *id);
  if (!copies) return copies.error();
  {
    auto directory = DataDirectory::open(options.data_directory);
    if (!directory) return directory.error();
    if (!directory->is_new() || fs::exists(directory->database()))
      return fail(Errc::storage_failed, options.data_directory.string() + " is not empty");
    const std::string database = directory->database().string();
    if (const auto status = (*engine)->RestoreDBFromBackup(*id, database, database); !status.ok())
      return to_error(status);
    std::set<fs::path> folders;
    for (const ValueCopy& copy : *copies) {
      const fs::path target = value_file_path(directory->values(), copy.id);
      if (auto copied = copy_value_file(path_of(folder, copy), target, copy); !copied) return copied.error();
      folders.insert(target.parent_path());
    }
    if (auto synced = sync_parents(folders); !synced) return synced.error();
    if (auto synced = sync_directory(directory->database()); !synced) return synced.error();
    if (auto marked = directory->mark(); !marked) return marked.error();
  }
  if (options.only) {
    if (auto removed = remove_others(options.data_directory, *options.only); !removed) return removed.error();
  }
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
