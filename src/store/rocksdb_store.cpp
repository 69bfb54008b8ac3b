#include "store/rocksdb_store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/limits.hpp"
#include "store/bytes.hpp"
#include "store/rocksdb_table_check.hpp"

namespace cubby {
namespace {

using limits::MiB;

// Hears of what fails behind requests, which nobody is told of otherwise.
class BackgroundErrors final : public rocksdb::EventListener {
 public:
  explicit BackgroundErrors(std::shared_ptr<FailStop> fail_stop) : fail_stop_(std::move(fail_stop)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    // What a compaction has written is dropped, and it is tried again; nothing acknowledged depends on it.
    const bool is_harmless = reason == rocksdb::BackgroundErrorReason::kCompaction && status->IsNoSpace();
    if (is_harmless && !fail_stop_->has_failed()) {
      *status = rocksdb::Status::OK();
      return;
    }
    fail_stop_->fail(status->ToString());
    // Some errors RocksDB would carry on with, and let writers wait for ever.
    *status = rocksdb::Status(*status, rocksdb::Status::Severity::kFatalError);
  }

  // When space returns, RocksDB would begin anew, whatever `max_bgerror_resume_count` says.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* resumes) override {
    *resumes = false;
  }

 private:
  const std::shared_ptr<FailStop> fail_stop_;
};

// docs/internals/storage.md says why each value is what it is.
rocksdb::DBOptions database_options(const RocksDbOptions& wanted, bool is_new, rocksdb::Env* env) {
  rocksdb::DBOptions options;
  // What is set aside for the next log would be too much of a small disk.
  const auto disk = disk_size(wanted.data_directory);
  options.allow_fallocate = disk && disk->total_bytes >= 16 * 1024 * MiB;
  options.env = env;
  options.create_if_missing = is_new;
  options.create_missing_column_families = is_new;
  options.paranoid_checks = true;
  // A torn tail is what a crash leaves; damage before it would be a silent loss and is refused.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  // After a failed sync nothing may be acknowledged, so the database must not carry on by itself.
  options.max_bgerror_resume_count = 0;
  options.max_total_wal_size = wanted.log_bytes_max;
  // What an open does must not grow with what is stored.
  options.max_open_files = 512;
  options.skip_stats_update_on_db_open = true;
  // Background work stands back behind requests.
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1 * MiB;
  options.rate_limiter.reset(
      rocksdb::NewGenericRateLimiter(256 * MiB, 100'000, 10, rocksdb::RateLimiter::Mode::kWritesOnly, true));
  options.avoid_unnecessary_blocking_io = true;
  options.env->LowerThreadPoolCPUPriority(rocksdb::Env::LOW);
  options.env->LowerThreadPoolIOPriority(rocksdb::Env::LOW);
  // One thread writes heads.
  options.allow_concurrent_memtable_write = false;
  // Counts only: times and distributions would cost every read.
  options.statistics = rocksdb::CreateDBStatistics();
  options.statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4 * MiB;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.optimize_filters_for_memory = true;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kLZ4Compression;
  options.level_compaction_dynamic_level_bytes = true;
  // Of what a compaction writes there must be room for all before its input goes.
  options.max_compaction_bytes = 512 * MiB;
  options.level0_slowdown_writes_trigger = static_cast<int>(level0_tables_slow);
  options.level0_stop_writes_trigger = std::numeric_limits<int>::max();
  options.hard_pending_compaction_bytes_limit = 0;  // none
  return options;
}

// The only rows that are looked for where they may not be.
rocksdb::ColumnFamilyOptions head_family_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options = family_options(cache);
  options.memtable_prefix_bloom_size_ratio = 0.02;
  options.memtable_whole_key_filtering = true;
  return options;
}

// Values of middle size: kept out of the tree, so that compaction does not copy them again and again.
rocksdb::ColumnFamilyOptions value_family_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options = family_options(cache);
  options.enable_blob_files = true;
  options.min_blob_size = 4 * limits::KiB;
  options.enable_blob_garbage_collection = true;
  options.blob_cache = cache;
  return options;
}

// On disk: never change a name.
std::vector<rocksdb::ColumnFamilyDescriptor> families(std::size_t cache_bytes) {
  const auto cache = rocksdb::NewLRUCache(cache_bytes);
  const auto rows = family_options(cache);
  return {{rocksdb::kDefaultColumnFamilyName, rows},
          {"heads", head_family_options(cache)},
          {"values", value_family_options(cache)},
          {"files", rows},
          {"garbage", rows},
          {"expiry", rows},
          {"usage", rows},
          {"catalog", rows},
          {"removals", rows}};
}

}  // namespace

namespace rows {

std::string head(NamespaceId namespace_id, std::string_view key) {
  std::string row;
  row.reserve(NamespaceId::bytes_count + key.size());
  row += namespace_id.view();
  row += key;
  return row;
}

std::string value(NamespaceId namespace_id, BodyId body) {
  std::string row(namespace_id.view());
  append_big_endian(row, static_cast<std::uint64_t>(body));
  return row;
}

std::string body(BodyId body) {
  std::string row;
  append_big_endian(row, static_cast<std::uint64_t>(body));
  return row;
}

namespace {

// The sign bit turned over, so that the bytes sort as the seconds do.
constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

void append_second(std::string& row, Instant second) {
  append_big_endian(row, static_cast<std::uint64_t>(second.time_since_epoch().count()) ^ sign_bit);
}

std::uint64_t big_endian_in(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

Instant second_in(std::string_view bytes) {
  return Instant{std::chrono::seconds(static_cast<std::int64_t>(big_endian_in(bytes) ^ sign_bit))};
}

}  // namespace

std::string expiry(Instant due, std::string_view head_row) {
  std::string row;
  row.reserve(sizeof(std::uint64_t) + head_row.size());
  append_second(row, due);
  row += head_row;
  return row;
}

std::string usage(NamespaceId namespace_id) {
  return std::string(namespace_id.view());
}

std::string usage(NamespaceId namespace_id, Instant due) {
  std::string row = usage(namespace_id);
  append_second(row, due);
  return row;
}

NamespaceId namespace_of(std::string_view row) {
  NamespaceId::Bytes bytes;
  std::copy_n(row.begin(), bytes.size(), bytes.begin());
  return NamespaceId(bytes);
}

BodyId body_of(std::string_view row) {
  return BodyId{big_endian_in(row)};
}

std::string_view head_of_expiry(std::string_view row) {
  return row.substr(sizeof(std::uint64_t));
}

Instant due_of_expiry(std::string_view row) {
  return second_in(row);
}

std::optional<Instant> due_of_usage(std::string_view row) {
  if (row.size() == NamespaceId::bytes_count) return std::nullopt;
  return second_in(row.substr(NamespaceId::bytes_count));
}

std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  // Beyond every row of ours: neither a key nor a body id begins with 0xFF.
  if (prefix.empty()) return std::string(NamespaceId::bytes_count + 1, static_cast<char>(0xFF));
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace rows

namespace {

// Nothing of what cannot be measured.
std::function<std::uint64_t()> free_bytes_of(std::filesystem::path directory) {
  return [directory = std::move(directory)] {
    const auto disk = disk_size(directory);
    return disk ? disk->free_bytes : 0;
  };
}

}  // namespace

Error to_error(const rocksdb::Status& status) {
  const Errc code = status.IsCorruption() ? Errc::storage_corrupt : Errc::storage_failed;
  return fail(code, status.ToString());
}

RocksDbStore::RocksDbStore(DataDirectory directory, const RocksDbOptions& options)
    : directory_(std::move(directory)),
      commit_sync_(options.durability == Durability::sync ? Sync::yes : Sync::no),
      measure_disk_(options.measure_disk ? options.measure_disk : free_bytes_of(directory_.database())),
      fail_stop_(std::make_shared<FailStop>()),
      space_([this] { return free_bytes(); },
             options.disk_reserve_bytes.value_or(default_disk_reserve(options.data_directory))),
      compaction_room_(std::make_shared<CompactionRoom>(space_)),
      file_system_(std::make_shared<WatchedFileSystem>(
          options.file_system ? options.file_system : rocksdb::FileSystem::Default(), fail_stop_,
          WatchedFileSystem::Room{
              .for_table = [room = compaction_room_](std::uint64_t bytes) { return room->take(bytes); },
              .to_set_aside = [this](std::uint64_t bytes) { return space_.would_leave_reserve(bytes); }})),
      env_(rocksdb::NewCompositeEnv(file_system_)) {
  space_.refuse_puts_while([this] {
    return is_open_ && compaction_room_->finds_no_room() && level0_tables() >= level0_tables_for_puts;
  });
}

Result<std::unique_ptr<RocksDbStore>> RocksDbStore::open(const RocksDbOptions& wanted) {
  const std::filesystem::path& path = wanted.data_directory;
  auto directory = DataDirectory::open(path);
  if (!directory) return directory.error();
  std::unique_ptr<RocksDbStore> store(new RocksDbStore(std::move(*directory), wanted));
  if (store->directory_.is_new()) {
    // RocksDB does not make the name of its folder durable.
    std::error_code error;
    std::filesystem::create_directory(store->directory_.database(), error);
    if (error) return fail(Errc::storage_failed, path.string() + ": " + error.message());
    if (auto synced = sync_directory(path); !synced) return synced.error();
  }
  auto options = database_options(wanted, store->directory_.is_new(), store->env_.get());
  options.listeners = {std::make_shared<BackgroundErrors>(store->fail_stop_), store->compaction_room_};
  auto opened = store->open_database(options, families(wanted.cache_bytes), LogCheck::structure);
  // What a crash leaves may have its full length; only checksums tell.
  if (!opened && opened.error().code == Errc::storage_corrupt)
    opened = store->open_database(options, families(wanted.cache_bytes), LogCheck::checksums);
  if (!opened) {
    const Error error = naming_tables(opened.error(), store->directory_.database());
    return fail(error.code, "cannot open the database in " + path.string() + ": " + error.argument);
  }
  if (store->has_failed()) return naming_tables(store->fail_stop_->error(), store->directory_.database());
  if (store->directory_.is_new()) {
    if (const auto marked = store->directory_.mark(); !marked) return marked.error();
  }
  return store;
}

Result<void> RocksDbStore::open_database(const rocksdb::DBOptions& options,
                                         const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                                         LogCheck how) {
  if (auto checked = check_logs(directory_.database(), how); !checked) return checked;
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(rocksdb::Options(options, {}), directory_.database().string(),
                                        families, &families_, &db);
  if (!status.ok()) return to_error(status);
  db_.reset(db);
  is_open_ = true;
  return {};
}

RocksDbStore::~RocksDbStore() {
  if (!db_) return;
  // A log that holds nothing has nothing to lose: RocksDB takes some damage near its end for the torn tail of
  // a crash.
  if (!has_failed()) [[maybe_unused]]
    const auto flushed = flush();
  for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
  db_->Close();
}

// What the tables will take of what the log holds now is spoken for.
std::uint64_t RocksDbStore::free_bytes() {
  const std::uint64_t free = measure_disk_();
  if (!is_open_) return free;
  std::uint64_t owed = 0;
  db().GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &owed);
  // Memtables take their memory in large blocks.
  owed = std::min(owed, log_bytes());
  return free - std::min(free, owed);
}

Result<void> RocksDbStore::check_writable() {
  if (has_failed()) return fail_stop_->error();
  return space_.check();
}

Result<void> RocksDbStore::write(rocksdb::WriteBatch& batch, Sync sync, DiskSpace::Use use) {
  if (has_failed()) return fail_stop_->error();
  if (auto room = space_.take(batch.GetDataSize(), use); !room) return room;
  if (use != DiskSpace::Use::start && compaction_room_->finds_no_room() &&
      level0_tables() >= level0_tables_max)
    return fail(Errc::storage_full, "the disk has no room for compactions");
  rocksdb::WriteOptions options;
  options.sync = sync == Sync::yes;
  const auto status = db().Write(options, &batch);
  bytes_written_ += batch.GetDataSize();
  if (!status.ok()) fail_stop_->fail(status.ToString());
  // Also when another sync has failed meanwhile: nothing is acknowledged after it.
  if (has_failed()) return fail_stop_->error();
  return {};
}

std::uint64_t RocksDbStore::level0_tables() {
  std::uint64_t most = 0;
  for (auto* const family : families_) {
    std::string text;
    std::uint64_t count = 0;
    if (db().GetProperty(family, rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0", &text))
      std::from_chars(text.data(), text.data() + text.size(), count);
    most = std::max(most, count);
  }
  return most;
}

Result<void> RocksDbStore::flush() {
  rocksdb::FlushOptions options;
  // Otherwise it waits for compactions, for ever where the disk has no room for them.
  options.allow_write_stall = true;
  if (const auto status = db().Flush(options, families_); !status.ok()) return to_error(status);
  return {};
}

Result<void> RocksDbStore::commit(rocksdb::WriteBatch& batch) {
  return write(batch, commit_sync_);
}

Result<void> RocksDbStore::sync_commits() {
  if (commit_sync_ == Sync::yes) return {};
  if (const auto status = db().SyncWAL(); !status.ok()) return to_error(status);
  return {};
}

rocksdb::Status RocksDbStore::get_from_memory(Family family, const std::string& row,
                                              rocksdb::PinnableSlice* bytes) {
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;
  auto status = db().Get(options, family, row, bytes);
  // For a table that is not open RocksDB answers ok, and nothing.
  if (status.ok() && bytes->empty()) return rocksdb::Status::Incomplete();
  return status;
}

Result<std::optional<std::uint64_t>> RocksDbStore::read_counter(std::string_view row) {
  std::string bytes;
  const auto status = db().Get({}, meta(), to_slice(row), &bytes);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return to_error(status);
  const auto content = unseal(bytes, row);
  if (!content) return content.error();
  ByteReader reader(*content);
  return reader.little_endian<std::uint64_t>();
}

void RocksDbStore::put_counter(rocksdb::WriteBatch& batch, std::string_view row, std::uint64_t value) const {
  std::string bytes;
  append_little_endian(bytes, value);
  seal(bytes, row);
  batch.Put(meta(), to_slice(row), bytes);
}

}  // namespace cubby
