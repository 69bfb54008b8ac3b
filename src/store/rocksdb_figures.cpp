#include "store/rocksdb_figures.hpp"

#include <rocksdb/statistics.h>

#include <algorithm>
#include <map>

#include "core/limits.hpp"

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

// What is counted since the start, of all families together.
constexpr rocksdb::Tickers tickers[] = {rocksdb::BLOCK_CACHE_DATA_HIT,
                                        rocksdb::BLOCK_CACHE_DATA_MISS,
                                        rocksdb::BLOCK_CACHE_INDEX_HIT,
                                        rocksdb::BLOCK_CACHE_INDEX_MISS,
                                        rocksdb::BLOCK_CACHE_FILTER_HIT,
                                        rocksdb::BLOCK_CACHE_FILTER_MISS,
                                        rocksdb::BLOB_DB_CACHE_HIT,
                                        rocksdb::BLOB_DB_CACHE_MISS,
                                        rocksdb::BLOOM_FILTER_USEFUL,
                                        rocksdb::MEMTABLE_HIT,
                                        rocksdb::MEMTABLE_MISS,
                                        rocksdb::WAL_FILE_SYNCED,
                                        rocksdb::WAL_FILE_BYTES,
                                        rocksdb::FLUSH_WRITE_BYTES,
                                        rocksdb::COMPACT_READ_BYTES,
                                        rocksdb::COMPACT_WRITE_BYTES,
                                        rocksdb::STALL_MICROS};

// Of a ticker, without what all begin with.
std::string name_of(rocksdb::Tickers ticker) {
  constexpr std::string_view all_have = "rocksdb.";
  for (const auto& [known, name] : rocksdb::TickersNameMap)
    if (known == ticker) return name.starts_with(all_have) ? name.substr(all_have.size()) : name;
  return std::to_string(ticker);
}

void add_totals(const rocksdb::Statistics& statistics, EngineFigures& figures) {
  static const auto names = [] {
    std::vector<std::pair<rocksdb::Tickers, std::string>> known;
    for (const rocksdb::Tickers each : tickers) known.emplace_back(each, name_of(each));
    return known;
  }();
  for (const auto& [ticker, name] : names) figures.own.emplace_back(name, statistics.getTickerCount(ticker));
}

// In the manner of its property num-files-at-level<N>.
void add_levels(RocksDbStore& store, EngineFigures& figures) {
  std::map<std::string, std::uint64_t> sums;
  for (const auto family : {store.meta(), store.heads(), store.values(), store.files(), store.garbage(),
                            store.expiry(), store.usage(), store.catalog(), store.removals()}) {
    std::map<std::string, std::string> facts;
    if (!store.db().GetMapProperty(family, rocksdb::DB::Properties::kCFStats, &facts)) continue;
    for (int level = 0; level < store.db().NumberLevels(family); ++level) {
      const std::string number = std::to_string(level);
      const auto size = facts.find("compaction.L" + number + ".SizeBytes");
      sums["bytes-at-level" + number] +=
          size == facts.end() ? 0 : static_cast<std::uint64_t>(std::stod(size->second));
    }
  }
  for (const auto& [name, sum] : sums) figures.own.emplace_back(name, sum);
}

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
  std::uint64_t database_bytes = store_.log_bytes();
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
  add_totals(*db.GetDBOptions().statistics, figures);
  add_levels(store_, figures);
  figures.storage_bytes = database_bytes + value_file_bytes();
  if (const auto disk = disk_size(store_.directory())) figures.storage_bytes_free = disk->free_bytes;
  figures.storage_bytes_reserve = store_.space().reserve_bytes();
  figures.is_full = !store_.space().check();
  add_due(db, store_.expiry(), now, figures);
}

}  // namespace cubby
