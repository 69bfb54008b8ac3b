// What a durable put costs on this machine without us: threads that write to a bare RocksDB, each write
// synced.
#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s DIRECTORY THREADS SECONDS VALUE_BYTES\n", argv[0]);
    return 2;
  }
  const int threads_count = std::atoi(argv[2]);
  const int seconds = std::atoi(argv[3]);
  const std::string value(static_cast<std::size_t>(std::atoi(argv[4])), 'v');

  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (const auto status = rocksdb::DB::Open(options, argv[1], &opened); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  const std::unique_ptr<rocksdb::DB> db(opened);

  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::atomic<std::uint64_t> count = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < threads_count; ++i) {
    writers.emplace_back([&] {
      rocksdb::WriteOptions synced;
      synced.sync = true;
      while (std::chrono::steady_clock::now() < until) {
        if (!db->Put(synced, "key-" + std::to_string(count++), value).ok()) std::abort();
      }
    });
  }
  for (auto& writer : writers) writer.join();
  std::printf("%-34s %9.0f requests/s\n", "bare RocksDB, as many threads",
              static_cast<double>(count) / seconds);
}
