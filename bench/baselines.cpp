// What the disk and the library cost without us: RocksDB opened as Cubby opens it, and a bare fdatasync.
// Prints one JSON object.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "store/rocksdb_store.hpp"

namespace {

using SteadyClock = std::chrono::steady_clock;
using Arguments = std::vector<std::string>;
constexpr std::size_t block_cache_bytes = 64 * std::size_t{1024} * 1024;

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

double cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::unique_ptr<cubby::RocksDbStore> open_store(const std::string& directory) {
  return cubby::RocksDbStore::open({.data_directory = directory, .cache_bytes = block_cache_bytes}).value();
}

void check(const rocksdb::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

std::string key_of(std::uint64_t number) {
  return "0123456789abcdef"
         "key-" +
         std::to_string(1'000'000'000 + number);
}

// Threads that put one value after the other, each write synced.
void put(const Arguments& arguments) {
  const auto store = open_store(arguments.at(0));
  const auto threads_count = std::stoul(arguments.at(1));
  const double seconds = std::stod(arguments.at(2));
  const std::string value(std::stoul(arguments.at(3)), 'v');
  std::atomic<std::uint64_t> count = 0;
  std::vector<std::vector<double>> microseconds(threads_count);
  const auto begin = SteadyClock::now();
  std::vector<std::thread> writers;
  for (auto& mine : microseconds) {
    writers.emplace_back([&] {
      while (seconds_since(begin) < seconds) {
        const auto put_begin = SteadyClock::now();
        check(store->db().Put(synced(), store->heads(), key_of(count++), value));
        mine.push_back(seconds_since(put_begin) * 1e6);
      }
    });
  }
  for (auto& writer : writers) writer.join();
  std::vector<double> all;
  for (const auto& mine : microseconds) all.insert(all.end(), mine.begin(), mine.end());
  std::printf("{\"rate\":%f,\"p50_us\":%f}\n", static_cast<double>(count) / seconds_since(begin),
              median(all));
}

// One synced batch of new pairs, then the same batch again.
void batch(const Arguments& arguments) {
  const auto store = open_store(arguments.at(0));
  const auto pairs = std::stoull(arguments.at(1));
  const std::string value(std::stoul(arguments.at(2)), 'v');
  const auto write = [&](std::uint64_t first) {
    const auto begin = SteadyClock::now();
    rocksdb::WriteBatch rows;
    for (std::uint64_t i = 0; i < pairs; ++i) check(rows.Put(store->heads(), key_of(first + i), value));
    check(store->db().Write(synced(), &rows));
    return static_cast<double>(pairs) / seconds_since(begin);
  };
  std::vector<double> fresh;
  std::vector<double> again;
  for (std::uint64_t turn = 0; turn < std::stoull(arguments.at(3)); ++turn) {
    fresh.push_back(write(turn * pairs));
    again.push_back(write(turn * pairs));
  }
  std::printf("{\"new\":%f,\"overwritten\":%f}\n", median(fresh), median(again));
}

// Walks over 1,000 rows again and again, copying keys.
void iterate(const Arguments& arguments) {
  const auto store = open_store(arguments.at(0));
  const auto pairs = std::stoull(arguments.at(1));
  const std::string value(std::stoul(arguments.at(2)), 'v');
  for (std::uint64_t i = 0; i < pairs; ++i) check(store->db().Put({}, store->heads(), key_of(i), value));
  std::uint64_t rows = 0;
  std::size_t bytes = 0;
  const auto begin = SteadyClock::now();
  const double cpu_begin = cpu_seconds();
  while (seconds_since(begin) < std::stod(arguments.at(3))) {
    const std::unique_ptr<rocksdb::Iterator> row(store->db().NewIterator({}, store->heads()));
    std::vector<std::string> keys;
    for (row->Seek(key_of(0)); row->Valid() && keys.size() < 1000; row->Next()) {
      keys.push_back(row->key().ToString());
      bytes += row->value().size();
    }
    rows += keys.size();
  }
  std::printf("{\"keys_per_cpu_second\":%f,\"bytes\":%zu}\n",
              static_cast<double>(rows) / (cpu_seconds() - cpu_begin), bytes);
}

// A record appended and synced, again and again.
void fdatasync_loop(const Arguments& arguments) {
  const int file = ::open(arguments.at(0).c_str(), O_CREAT | O_WRONLY, 0600);
  if (file < 0) throw std::runtime_error("cannot open " + arguments.at(0));
  const std::string record(std::stoul(arguments.at(2)), 'v');
  std::vector<double> microseconds;
  const auto begin = SteadyClock::now();
  while (seconds_since(begin) < std::stod(arguments.at(1))) {
    const auto sync_begin = SteadyClock::now();
    if (::write(file, record.data(), record.size()) < 0 || ::fdatasync(file) != 0)
      throw std::runtime_error("no sync");
    microseconds.push_back(seconds_since(sync_begin) * 1e6);
  }
  ::close(file);
  std::printf("{\"rate\":%f,\"p50_us\":%f}\n",
              static_cast<double>(microseconds.size()) / seconds_since(begin), median(microseconds));
}

const std::map<std::string, std::function<void(const Arguments&)>> baselines{
    {"put", put}, {"batch", batch}, {"iterate", iterate}, {"fdatasync", fdatasync_loop}};

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto baseline = baselines.find(argc > 1 ? argv[1] : "");
    if (baseline == baselines.end()) throw std::invalid_argument("put, batch, iterate or fdatasync");
    baseline->second(Arguments(argv + 2, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
