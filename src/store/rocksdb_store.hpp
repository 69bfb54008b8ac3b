// The RocksDB database behind the embedded engine: its column families, row keys and options.
// docs/internals/on_disk_format.md is the page to this file.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/values.hpp"
#include "store/data_directory.hpp"
#include "store/disk_space.hpp"
#include "store/fail_stop.hpp"
#include "store/record.hpp"
#include "store/rocksdb_compaction_room.hpp"
#include "store/rocksdb_engine.hpp"
#include "store/rocksdb_file_system.hpp"
#include "store/rocksdb_log_check.hpp"

namespace cubby {

// So many tables in level 0 of a family slow writes down. No number of them makes a write wait, for it would
// wait for a compaction, and that for ever where there is no room for it; there they refuse puts, and in the
// end all writes: deletes make room, but each flush of these adds a table.
inline constexpr std::uint64_t level0_tables_slow = 36;
inline constexpr std::uint64_t level0_tables_for_puts = 24;
inline constexpr std::uint64_t level0_tables_max = 64;

// Rows of the meta family. On disk: never change them.
inline constexpr std::string_view last_version_row = "last_version";
inline constexpr std::string_view starts_row = "starts";  // how often the store was opened
inline constexpr std::string_view checked_start_row =
    "checked_start";  // value files of starts so far are all known

// Row keys. Integers in them are big-endian, so that rows sort as numbers do.
namespace rows {
std::string head(NamespaceId namespace_id, std::string_view key);  // namespace, key
std::string value(NamespaceId namespace_id, BodyId body);          // namespace, body
std::string body(BodyId body);                                     // body
std::string expiry(Instant due, std::string_view head_row);        // due second, head row
std::string usage(NamespaceId namespace_id);                       // namespace
std::string usage(NamespaceId namespace_id, Instant due);          // namespace, due second

// Parts of a row key. REQUIRES: it is one of that family.
NamespaceId namespace_of(std::string_view row);         // of all families that begin with it
BodyId body_of(std::string_view row);                   // of a row that is a body id
std::string_view head_of_expiry(std::string_view row);  // the head row
Instant due_of_expiry(std::string_view row);
std::optional<Instant> due_of_usage(std::string_view row);  // nothing: the total

// A row key after all rows that start with `prefix`, and before all others that follow.
std::string after_prefix(std::string prefix);
}  // namespace rows

// Opens the database and owns it. Everything public is thread-safe.
class RocksDbStore {
 public:
  using Families = std::vector<rocksdb::ColumnFamilyHandle*>;

  static Result<std::unique_ptr<RocksDbStore>> open(const RocksDbOptions& options);
  ~RocksDbStore();
  RocksDbStore(const RocksDbStore&) = delete;
  RocksDbStore& operator=(const RocksDbStore&) = delete;

  rocksdb::DB& db() {
    // What RocksDB would count for each thread nobody reads, and it is a tenth of an iteration.
    [[maybe_unused]] thread_local const bool counts_nothing =
        (rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable), true);
    return *db_;
  }
  using Family = rocksdb::ColumnFamilyHandle*;
  Family meta() const { return families_[0]; }      // counters of the store itself
  Family heads() const { return families_[1]; }     // rows::head -> head record
  Family values() const { return families_[2]; }    // rows::value -> a value of middle size
  Family files() const { return families_[3]; }     // rows::body -> the row of the head that names the file
  Family garbage() const { return families_[4]; }   // rows::body -> what no head names, to be removed
  Family expiry() const { return families_[5]; }    // rows::expiry -> "", for each head that expires
  Family usage() const { return families_[6]; }     // rows::usage -> keys and bytes
  Family catalog() const { return families_[7]; }   // catalog_place -> catalog row
  Family removals() const { return families_[8]; }  // namespace -> how far its removal is

  const std::filesystem::path& directory() const { return directory_.path(); }
  std::filesystem::path value_folder() const { return directory_.values(); }
  std::shared_ptr<rocksdb::FileSystem> file_system() const { return file_system_; }
  std::uint64_t log_bytes() const { return file_system_->log_bytes(); }
  DiskSpace& space() { return space_; }

  // What memory has of a row; Incomplete: ask the disk. REQUIRES: no row of the family is empty.
  rocksdb::Status get_from_memory(Family family, const std::string& row, rocksdb::PinnableSlice* bytes);

  // Counters of the store itself. Nothing: never written. Errors: storage_corrupt, storage_failed.
  Result<std::optional<std::uint64_t>> read_counter(std::string_view row);
  void put_counter(rocksdb::WriteBatch& batch, std::string_view row, std::uint64_t value) const;

  enum class Sync { no, yes };
  // Errors: storage_full, and nothing is written; storage_failed, and from then on for every later write
  // until the store is opened again: see FailStop.
  Result<void> write(rocksdb::WriteBatch& batch, Sync sync, DiskSpace::Use use = DiskSpace::Use::upkeep);
  // The same, synced unless the store was opened with Durability::relaxed.
  Result<void> commit(rocksdb::WriteBatch& batch);
  // Makes sure that all commits so far are on stable storage, which they are unless durability is relaxed.
  // Errors: storage_failed.
  Result<void> sync_commits();
  // Puts everything into tables, so that the log holds nothing. Errors: storage_failed.
  Result<void> flush();
  // Of the family that has most.
  std::uint64_t level0_tables();
  bool has_failed() const { return fail_stop_->has_failed(); }
  std::uint64_t bytes_written() const { return bytes_written_; }
  // Whether puts are taken now. May wait for the disk. Errors: storage_failed, storage_full.
  Result<void> check_writable();

 private:
  RocksDbStore(DataDirectory directory, const RocksDbOptions& options);
  Result<void> open_database(const rocksdb::DBOptions& options,
                             const std::vector<rocksdb::ColumnFamilyDescriptor>& families, LogCheck how);
  std::uint64_t free_bytes();

  DataDirectory directory_;
  const Sync commit_sync_;
  const std::function<std::uint64_t()> measure_disk_;
  const std::shared_ptr<FailStop> fail_stop_;
  DiskSpace space_;
  const std::shared_ptr<CompactionRoom> compaction_room_;
  const std::shared_ptr<WatchedFileSystem> file_system_;
  const std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::atomic<bool> is_open_ = false;  // compactions begin before RocksDB's open has returned
  Families families_;
  std::atomic<std::uint64_t> bytes_written_ = 0;
};

// What RocksDB's status means to us. REQUIRES: not ok.
Error to_error(const rocksdb::Status& status);

inline rocksdb::Slice to_slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
inline std::string_view to_view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace cubby
