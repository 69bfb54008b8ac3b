// The figures behind docs/internals/storage.md: RocksDB as Cubby opens it, but for one option at a time.
// Prints Markdown. CPU is that of the process, so that a busy machine does not decide.
#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/options_util.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "store/rocksdb_store.hpp"

namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;
using Family = rocksdb::ColumnFamilyDescriptor;

constexpr std::size_t KiB = 1024;
constexpr std::size_t MiB = 1024 * KiB;

void check(const rocksdb::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

double cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

// Microseconds of CPU for each of `count`.
double cpu_us(std::size_t count, const std::function<void()>& work) {
  const double begin = cpu_seconds();
  work();
  return (cpu_seconds() - begin) * 1e6 / static_cast<double>(count);
}

double elapsed_ms(const std::function<void()>& work) {
  const auto begin = SteadyClock::now();
  work();
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

// What this process has had written to the disk.
double written_megabytes() {
  std::ifstream io("/proc/self/io");
  std::string name;
  double bytes = 0;
  while (io >> name >> bytes) {
    if (name == "write_bytes:") return bytes / 1e6;
  }
  return 0;
}

std::string key_of(std::size_t number) {
  return "0123456789abcdefkey-" + std::to_string(100'000'000 + number);
}

// Text as values are: words and numbers, half of it new each time.
std::string text_of(std::size_t bytes, std::mt19937_64& random) {
  std::string text;
  while (text.size() < bytes)
    text += R"({"id":")" + std::to_string(random()) + R"(","state":"active","tags":["a","b"]},)";
  text.resize(bytes);
  return text;
}

// A database as Cubby makes it, opened with other options.
class Variant {
 public:
  using Change = std::function<void(rocksdb::DBOptions&, std::vector<Family>&)>;

  Variant(const fs::path& folder, const Change& change, std::size_t cache_bytes = 64 * MiB)
      : folder_(folder) {
    { const auto made = cubby::RocksDbStore::open({.data_directory = folder}).value(); }
    rocksdb::ConfigOptions from;
    std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(cache_bytes);
    check(rocksdb::LoadLatestOptions(from, (folder / "db").string(), &options_, &families_, &cache));
    families_[2].options.blob_cache = cache;  // is not among the options that are kept
    change(options_, families_);
    open();
  }
  ~Variant() { close(); }

  void open() {
    rocksdb::DB* db = nullptr;
    check(rocksdb::DB::Open(options_, (folder_ / "db").string(), families_, &handles_, &db));
    db_.reset(db);
  }
  void close() {
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
    handles_.clear();
    db_.reset();
  }

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* heads() { return handles_[1]; }
  rocksdb::ColumnFamilyHandle* values() { return handles_[2]; }

  void put(rocksdb::ColumnFamilyHandle* family, const std::string& key, const std::string& value,
           bool is_synced = false) {
    rocksdb::WriteOptions how;
    how.sync = is_synced;
    check(db_->Put(how, family, key, value));
  }
  void get(rocksdb::ColumnFamilyHandle* family, const std::string& key) {
    rocksdb::PinnableSlice value;
    const auto status = db_->Get({}, family, key, &value);
    if (!status.IsNotFound()) check(status);
  }
  void settle() {
    for (auto* family : {heads(), values()}) {
      check(db_->Flush({}, family));
      check(db_->CompactRange({}, family, nullptr, nullptr));
    }
  }
  void wait_for_compactions() {
    std::uint64_t pending = 1;
    std::uint64_t running = 1;
    while (pending + running > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      db_->GetAggregatedIntProperty(rocksdb::DB::Properties::kCompactionPending, &pending);
      db_->GetAggregatedIntProperty(rocksdb::DB::Properties::kNumRunningCompactions, &running);
    }
  }
  double table_megabytes(rocksdb::ColumnFamilyHandle* family) {
    std::uint64_t bytes = 0;
    db_->GetIntProperty(family, rocksdb::DB::Properties::kTotalSstFilesSize, &bytes);
    return static_cast<double>(bytes) / 1e6;
  }

 private:
  fs::path folder_;
  rocksdb::DBOptions options_;
  std::vector<Family> families_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  std::unique_ptr<rocksdb::DB> db_;
};

rocksdb::BlockBasedTableOptions& table_of(Family& family) {
  return *family.options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
}

const Variant::Change nothing = [](auto&, auto&) {};

// A value in its head, or beside it.
void inline_limit(const fs::path& scratch) {
  std::puts(
      "\n| value | get, in its head | get, in a row beside it | list of 1,000 keys, in their heads | beside "
      "them |\n| --- | --- | --- | --- | --- |");
  constexpr std::size_t keys = 20'000;
  std::mt19937_64 random(1);
  for (const std::size_t bytes : {256u, 512u, 1024u, 2048u, 4096u}) {
    Variant inside(scratch / ("inside" + std::to_string(bytes)), nothing, 256 * MiB);
    Variant beside(scratch / ("beside" + std::to_string(bytes)), nothing, 256 * MiB);
    for (std::size_t i = 0; i < keys; ++i) {
      const std::string value = text_of(bytes, random);
      inside.put(inside.heads(), key_of(i), std::string(26, 'h') + value);
      beside.put(beside.heads(), key_of(i), std::string(34, 'h'));
      beside.put(beside.values(), key_of(i), value);
    }
    inside.settle();
    beside.settle();
    const auto list = [](Variant& variant) {
      return cpu_us(20, [&] {
        for (int turn = 0; turn < 20; ++turn) {
          const std::unique_ptr<rocksdb::Iterator> row(variant.db().NewIterator({}, variant.heads()));
          std::size_t seen = 0;
          for (row->Seek(key_of(5000)); row->Valid() && seen < 1000; row->Next())
            seen += row->value().size() > 0;
        }
      });
    };
    const auto get_inside = [&] {
      for (std::size_t i = 0; i < keys; ++i) inside.get(inside.heads(), key_of(i * 7919 % keys));
    };
    const auto get_beside = [&] {
      for (std::size_t i = 0; i < keys; ++i) {
        beside.get(beside.heads(), key_of(i * 7919 % keys));
        beside.get(beside.values(), key_of(i * 7919 % keys));
      }
    };
    get_inside();
    get_beside();
    list(inside);
    list(beside);
    std::printf("| %zu B | %.2f µs | %.2f µs | %.0f µs | %.0f µs |\n", bytes, cpu_us(keys, get_inside),
                cpu_us(keys, get_beside), list(inside), list(beside));
  }
}

// A value as a row, which goes to the log and to a blob file, or as a file.
void file_border(const fs::path& scratch) {
  std::puts(
      "\n| value | put as a row, synced | written to disk | put as a file, synced | written to disk |\n| --- "
      "| --- | --- | --- | --- |");
  std::mt19937_64 random(1);
  for (const std::size_t bytes : {64 * KiB, 128 * KiB, 256 * KiB, 512 * KiB, 1 * MiB}) {
    const std::size_t count = 32 * MiB / bytes;
    const std::string value = text_of(bytes, random);
    Variant rows(scratch / ("rows" + std::to_string(bytes)), nothing);
    double begin = written_megabytes();
    const double row_ms = elapsed_ms([&] {
      for (std::size_t i = 0; i < count; ++i) rows.put(rows.values(), key_of(i), value, true);
    });
    check(rows.db().Flush({}, rows.values()));
    const double row_written = written_megabytes() - begin;
    const fs::path folder = scratch / ("files" + std::to_string(bytes));
    fs::create_directories(folder);
    const int opened_folder = ::open(folder.c_str(), O_RDONLY);
    begin = written_megabytes();
    const double file_ms = elapsed_ms([&] {
      for (std::size_t i = 0; i < count; ++i) {
        const int file = ::open((folder / std::to_string(i)).c_str(), O_CREAT | O_WRONLY, 0600);
        if (::write(file, value.data(), value.size()) < 0 || ::fdatasync(file) != 0 ||
            ::fsync(opened_folder) != 0)
          throw std::runtime_error("no file");
        ::close(file);
        rows.put(rows.heads(), key_of(i), "head", true);
      }
    });
    const double file_written = written_megabytes() - begin;
    ::close(opened_folder);
    const auto each = [count](double ms) { return ms / static_cast<double>(count); };
    std::printf("| %zu KiB | %.2f ms | %.1f × | %.2f ms | %.1f × |\n", bytes / KiB, each(row_ms),
                row_written / 33.6, each(file_ms), file_written / 33.6);
  }
}

void bloom(const fs::path& scratch) {
  std::puts("\n| bloom bits a key | get of an absent key | tables |\n| --- | --- | --- |");
  constexpr std::size_t keys = 200'000;
  for (const int bits : {0, 5, 10, 15}) {
    Variant variant(scratch / ("bloom" + std::to_string(bits)), [bits](auto&, auto& families) {
      for (auto& family : families)
        table_of(family).filter_policy.reset(bits == 0 ? nullptr : rocksdb::NewBloomFilterPolicy(bits));
    });
    for (std::size_t i = 0; i < keys; ++i) variant.put(variant.heads(), key_of(2 * i), std::string(80, 'v'));
    variant.settle();
    const auto look = [&] {
      for (std::size_t i = 0; i < keys; ++i) variant.get(variant.heads(), key_of(2 * (i * 7919 % keys) + 1));
    };
    look();
    std::printf("| %d | %.2f µs | %.1f MB |\n", bits, cpu_us(keys, look),
                variant.table_megabytes(variant.heads()));
  }
}

void compression(const fs::path& scratch) {
  std::puts(
      "\n| compression of heads | tables of 100,000 heads with 288 bytes of text | get, block not in the "
      "cache |\n| --- | --- | --- |");
  constexpr std::size_t keys = 100'000;
  for (const auto& [name, kind] :
       {std::pair("none", rocksdb::kNoCompression), std::pair("LZ4", rocksdb::kLZ4Compression),
        std::pair("ZSTD", rocksdb::kZSTD)}) {
    std::mt19937_64 random(1);
    Variant variant(
        scratch / (std::string("compression") + name),
        [kind = kind](auto&, auto& families) {
          for (auto& family : families) family.options.compression = kind;
        },
        1 * MiB);
    for (std::size_t i = 0; i < keys; ++i) variant.put(variant.heads(), key_of(i), text_of(314, random));
    variant.settle();
    const auto look = [&] {
      for (std::size_t i = 0; i < 20'000; ++i) variant.get(variant.heads(), key_of(i * 7919 % keys));
    };
    look();
    std::printf("| %s | %.1f MB | %.1f µs |\n", name, variant.table_megabytes(variant.heads()),
                cpu_us(20'000, look));
  }
}

void blobs(const fs::path& scratch) {
  std::puts(
      "\n| values of 8 KiB, put and overwritten once | written to disk | CPU of it | get from the cache |\n| "
      "--- | --- | --- | --- |");
  constexpr std::size_t keys = 8'000;
  std::mt19937_64 random(1);
  std::string value;  // compressed already, as values of this size often are
  while (value.size() < 8 * KiB) value += static_cast<char>(random());
  for (const auto& [name, least] : {std::pair("in blob files (from 4 KiB on)", 4 * KiB),
                                    std::pair("in tables (blobs from 16 KiB on)", 16 * KiB)}) {
    Variant variant(
        scratch / ("blob" + std::to_string(least)),
        [least = least](auto&, auto& families) { families[2].options.min_blob_size = least; }, 256 * MiB);
    const double begin = written_megabytes();
    const double used = cpu_us(1'000'000, [&] {
      for (std::size_t turn = 0; turn < 4; ++turn) {
        for (std::size_t i = 0; i < keys; i += 2) variant.put(variant.values(), key_of(i + turn % 2), value);
        check(variant.db().Flush({}, variant.values()));
        check(variant.db().CompactRange({}, variant.values(), nullptr, nullptr));
      }
    });
    const double written = written_megabytes() - begin;
    const auto look = [&] {
      for (std::size_t i = 0; i < keys; ++i) variant.get(variant.values(), key_of(i * 7919 % keys));
    };
    look();
    std::printf("| %s | %.1f × their size | %.2f s | %.1f µs |\n", name,
                written / (4 * keys / 2 * 8192 / 1e6), used, cpu_us(keys, look));
  }
}

void log_size(const fs::path& scratch) {
  std::puts("\n| log | opening after a kill |\n| --- | --- |");
  for (const std::size_t megabytes : {32u, 64u, 128u, 256u}) {
    Variant variant(scratch / ("log" + std::to_string(megabytes)),
                    [](rocksdb::DBOptions& options, auto& families) {
                      options.avoid_flush_during_shutdown = true;
                      options.max_total_wal_size = 1024 * MiB;
                      for (auto& family : families) family.options.write_buffer_size = 1024 * MiB;
                    });
    const std::string value(300, 'v');
    for (std::size_t i = 0; i * 360 < megabytes * MiB; ++i) variant.put(variant.heads(), key_of(i), value);
    variant.close();
    std::printf("| %zu MiB | %.2f s |\n", megabytes, elapsed_ms([&] { variant.open(); }) / 1000);
  }
}

void cache_size(const fs::path& scratch) {
  std::puts("\n| cache | get of any of 300,000 heads (100 MB) |\n| --- | --- |");
  constexpr std::size_t keys = 300'000;
  for (const std::size_t megabytes : {8u, 32u, 128u}) {
    std::mt19937_64 random(1);
    Variant variant(scratch / ("cache" + std::to_string(megabytes)), nothing, megabytes * MiB);
    for (std::size_t i = 0; i < keys; ++i) variant.put(variant.heads(), key_of(i), text_of(314, random));
    variant.settle();
    const auto look = [&] {
      for (std::size_t i = 0; i < keys; ++i) variant.get(variant.heads(), key_of(i * 7919 % keys));
    };
    look();
    std::printf("| %zu MiB | %.1f µs |\n", megabytes, cpu_us(keys, look));
  }
}

// What a synced put waits for while a compaction runs beside it.
void rate_limit(const fs::path& scratch) {
  std::puts(
      "\n| limit of background writes | median of a synced put beside a compaction | 99th percentile |");
  std::puts("| --- | --- | --- |");
  for (const std::size_t megabytes : {0u, 256u, 64u}) {
    Variant variant(scratch / ("limit" + std::to_string(megabytes)), [megabytes](auto& options, auto&) {
      if (megabytes == 0) return;
      options.rate_limiter.reset(
          rocksdb::NewGenericRateLimiter(static_cast<std::int64_t>(megabytes * MiB), 100'000, 10,
                                         rocksdb::RateLimiter::Mode::kWritesOnly, true));
    });
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < 300'000; ++i) variant.put(variant.heads(), key_of(i), text_of(314, random));
    std::atomic<bool> is_over = false;
    std::thread compaction([&] {
      rocksdb::CompactRangeOptions everything;
      everything.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
      while (!is_over) check(variant.db().CompactRange(everything, variant.heads(), nullptr, nullptr));
    });
    std::vector<double> waits;
    for (const auto begin = SteadyClock::now(); SteadyClock::now() - begin < std::chrono::seconds(3);)
      waits.push_back(elapsed_ms([&] { variant.put(variant.heads(), key_of(waits.size()), "v", true); }));
    is_over = true;
    compaction.join();
    std::sort(waits.begin(), waits.end());
    std::printf("| %s | %.2f ms | %.2f ms |\n",
                megabytes ? (std::to_string(megabytes) + " MiB/s").c_str() : "none", waits[waits.size() / 2],
                waits[waits.size() * 99 / 100]);
  }
}

// What a look for a key that is not there costs while all is in memory, and what the filter takes.
void memtable_filter(const fs::path& scratch) {
  std::puts(
      "\n| filter of a memtable, part of 64 MiB | get of an absent key, 100,000 in memory | put "
      "|\n| --- | --- | --- |");
  constexpr std::size_t keys = 100'000;
  for (const double part : {0.0, 0.01, 0.02, 0.05}) {
    Variant variant(scratch / ("filter" + std::to_string(part)), [part](auto&, auto& families) {
      families[1].options.memtable_prefix_bloom_size_ratio = part;
    });
    const std::string value(300, 'v');
    const double put = cpu_us(keys, [&] {
      for (std::size_t i = 0; i < keys; ++i)
        variant.put(variant.heads(), key_of(2 * (i * 7919 % keys)), value);
    });
    const auto look = [&] {
      for (std::size_t i = 0; i < keys; ++i) variant.get(variant.heads(), key_of(2 * (i * 7919 % keys) + 1));
    };
    look();
    std::printf("| %.0f %% | %.2f µs | %.2f µs |\n", part * 100, cpu_us(keys, look), put);
  }
}

// Where a get finds its row within a block.
void block_index(const fs::path& scratch) {
  std::puts("\n| index in data blocks | get of any of 100,000 heads, cached | tables |\n| --- | --- | --- |");
  constexpr std::size_t keys = 100'000;
  using Table = rocksdb::BlockBasedTableOptions;
  for (const auto& [name, kind] : {std::pair("binary search", Table::kDataBlockBinarySearch),
                                   std::pair("and a hash", Table::kDataBlockBinaryAndHash)}) {
    Variant variant(
        scratch / (std::string("index ") + name),
        [kind = kind](auto&, auto& families) {
          for (auto& family : families) table_of(family).data_block_index_type = kind;
        },
        256 * MiB);
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < keys; ++i) variant.put(variant.heads(), key_of(i), text_of(80, random));
    variant.settle();
    const auto look = [&] {
      for (std::size_t i = 0; i < keys; ++i) variant.get(variant.heads(), key_of(i * 7919 % keys));
    };
    look();
    std::printf("| %s | %.2f µs | %.1f MB |\n", name, cpu_us(keys, look),
                variant.table_megabytes(variant.heads()));
  }
}

// What stays of overwritten heads, and what is written to get rid of them.
void level_sizes(const fs::path& scratch) {
  std::puts(
      "\n| level sizes | tables after 1,000,000 puts of 200,000 heads (83 MB) | written |\n| --- | --- | --- "
      "|");
  constexpr std::size_t keys = 200'000;
  for (const bool is_dynamic : {false, true}) {
    Variant variant(scratch / ("levels" + std::to_string(is_dynamic)), [is_dynamic](auto&, auto& families) {
      families[1].options.level_compaction_dynamic_level_bytes = is_dynamic;
      families[1].options.compression = rocksdb::kNoCompression;
      // Levels as a store twenty times as large has them.
      families[1].options.write_buffer_size = 4 * MiB;
      families[1].options.target_file_size_base = 4 * MiB;
      families[1].options.max_bytes_for_level_base = 16 * MiB;
    });
    std::mt19937_64 random(1);
    const double begin = written_megabytes();
    for (std::size_t i = 0; i < 5 * keys; ++i)
      variant.put(variant.heads(), key_of(random() % keys), text_of(380, random));
    check(variant.db().Flush({}, variant.heads()));
    variant.wait_for_compactions();
    std::printf("| %s | %.0f MB | %.0f MB |\n", is_dynamic ? "dynamic" : "fixed",
                variant.table_megabytes(variant.heads()), written_megabytes() - begin);
  }
}

// What a single writer pays for a memtable that could have many.
void memtable_writers(const fs::path& scratch) {
  std::puts("\n| writers of a memtable | put by one thread, not synced |\n| --- | --- |");
  constexpr std::size_t keys = 200'000;
  // Twice, for the first one to run pays for the pages of the process.
  int number = 0;
  for (const bool has_many : {false, true, false, true}) {
    Variant variant(scratch / ("writers" + std::to_string(++number)), [has_many](auto& options, auto&) {
      options.allow_concurrent_memtable_write = has_many;
      options.enable_write_thread_adaptive_yield = has_many;
    });
    const std::string value(300, 'v');
    std::printf("| %s | %.2f µs |\n", has_many ? "many" : "one", cpu_us(keys, [&] {
                  for (std::size_t i = 0; i < keys; ++i)
                    variant.put(variant.heads(), key_of(i * 7919 % keys), value);
                }));
  }
}

const std::map<std::string, void (*)(const fs::path&)> choices{{"inline-limit", inline_limit},
                                                               {"file-border", file_border},
                                                               {"blobs", blobs},
                                                               {"bloom", bloom},
                                                               {"memtable-filter", memtable_filter},
                                                               {"block-index", block_index},
                                                               {"compression", compression},
                                                               {"level-sizes", level_sizes},
                                                               {"cache-size", cache_size},
                                                               {"log-size", log_size},
                                                               {"rate-limit", rate_limit},
                                                               {"memtable-writers", memtable_writers}};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: %s NEW-DIRECTORY [CHOICE]\n", argv[0]);
    return 2;
  }
  try {
    for (const auto& [name, choice] : choices) {
      if (argc > 2 && name != argv[2]) continue;
      choice(argv[1]);
      std::fflush(stdout);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
