#include "store/rocksdb_figures.hpp"

#include "core/limits.hpp"
#include "store/rocksdb_log_size.hpp"

namespace cubby {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Sums over the column families.
constexpr const char* summed_properties[] = {"cur-size-all-mem-tables",
                                             "num-immutable-mem-table",
                                             "estimate-pending-compaction-bytes",
                                             "estimate-num-keys",
                                             "total-sst-files-size",
                                             "live-sst-files-size",
                                             "num-blob-files",
                                             "total-blob-file-size",
                                             "live-blob-file-size",
                                             "live-blob-file-garbage-size"};
// Of the database as a whole; each family would say the same.
constexpr const char* shared_properties[] = {
    "background-errors",   "num-running-compactions",   "num-running-flushes",
    "is-write-stopped",    "actual-delayed-write-rate", "block-cache-capacity",
    "block-cache-usage",   "block-cache-pinned-usage",  "num-snapshots",
    "oldest-snapshot-time"};

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    std::error_code ignored;
    if (!each->is_regular_file(ignored)) continue;
    const auto size = each->file_size(ignored);
    if (!ignored) sum += size;
  }
  return sum;
}

void add_due(rocksdb::DB& db, RocksDbStore::Family expiry, Instant now, EngineFigures& figures) {
  const std::string end = rows::expiry(now + 1s, "");
  const rocksdb::Slice upper_bound = end;
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> row(db.NewIterator(options, expiry));
  for (row->SeekToFirst(); row->Valid() && figures.expired_waiting < limits::expired_counted_max;
       row->Next()) {
    if (figures.expired_waiting++ == 0) {
      const auto late = now - rows::due_of_expiry(to_view(row->key()));
      figures.expired_late_seconds = static_cast<std::uint64_t>(late.count());
    }
  }
}

}  // namespace

std::uint64_t RocksDbFigures::value_file_bytes() {
  const std::scoped_lock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (!is_measured_ || now - measured_at_ > 60s) {
    value_file_bytes_ = bytes_below(store_.value_folder());
    measured_at_ = now;
    is_measured_ = true;
  }
  return value_file_bytes_;
}

void RocksDbFigures::add_to(EngineFigures& figures, Instant now) {
  rocksdb::DB& db = store_.db();
  figures.has_failed = store_.has_failed();
  std::uint64_t database_bytes = log_bytes(db);
  for (const std::string name : summed_properties) {
    std::uint64_t sum = 0;
    if (!db.GetAggregatedIntProperty("rocksdb." + name, &sum)) continue;
    if (name == "total-sst-files-size" || name == "total-blob-file-size") database_bytes += sum;
    figures.own.emplace_back(name, sum);
  }
  for (const std::string name : shared_properties) {
    std::uint64_t value = 0;
    if (db.GetIntProperty(store_.heads(), "rocksdb." + name, &value)) figures.own.emplace_back(name, value);
  }
  figures.storage_bytes = database_bytes + value_file_bytes();
  if (const auto disk = disk_size(store_.value_folder().parent_path()))
    figures.storage_bytes_free = disk->free_bytes;
  figures.storage_bytes_reserve = store_.space().reserve_bytes();
  figures.is_full = !store_.space().check();
  add_due(db, store_.expiry(), now, figures);
}

}  // namespace cubby
