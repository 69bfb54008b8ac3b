// What the storage engine costs without HTTP, beside bare RocksDB in the same run: durable puts of many
// writers, bulk writes, and listing.
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <thread>
#include <vector>

#include "store/rocksdb_engine.hpp"

namespace {

using namespace cubby;
using Clock = std::chrono::steady_clock;

const std::string value(288, 'v');
const Namespace place{NamespaceId::random(), AccountId::random(), Title::parse("bench").value(), {}, {}};
constexpr Timestamp written_at{std::chrono::seconds(1'800'000'000)};
constexpr Instant now{std::chrono::seconds(1'800'000'000)};

struct Cost {
  double seconds;
  double cpu_seconds;  // of the whole process: true also when others use the machine
};

Cost cost_of(const std::function<void()>& work) {
  const auto begin = Clock::now();
  const std::clock_t cpu_begin = std::clock();
  work();
  return {std::chrono::duration<double>(Clock::now() - begin).count(),
          static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC};
}

void report(const std::string& name, std::size_t count, const Cost& ours, const Cost& bare) {
  const auto n = static_cast<double>(count);
  std::printf("%-18s %8.0f/s %7.2f us CPU   bare RocksDB %8.0f/s %7.2f us CPU   speed x %.2f, CPU x %.2f\n",
              name.c_str(), n / ours.seconds, ours.cpu_seconds * 1e6 / n, n / bare.seconds,
              bare.cpu_seconds * 1e6 / n, bare.seconds / ours.seconds, ours.cpu_seconds / bare.cpu_seconds);
  std::fflush(stdout);
}

void check(const rocksdb::Status& status) {
  if (!status.ok()) std::abort();
}

void run_all(std::vector<std::function<Task<void>()>> tasks) {
  boost::asio::io_context loop;
  for (auto& task : tasks) {
    spawn(loop, task(), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.run();
}

Task<void> put(Engine& engine, std::vector<std::string> keys) {
  std::vector<Mutation> mutations;
  for (std::string& key : keys) {
    auto upload = engine.begin_upload(place.id);
    (co_await upload->append(value)).value();
    (co_await upload->finish()).value();
    mutations.emplace_back(Put{Key::parse(std::move(key)).value(), std::move(upload), {}, {}});
  }
  (co_await engine.apply(place.id, std::move(mutations), written_at)).value();
}

std::string key_of(std::size_t number) {
  return "key-" + std::to_string(1'000'000 + number);
}

std::vector<std::string> keys_from(std::size_t first, std::size_t count) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back(key_of(first + i));
  return keys;
}

void put_by_many(Engine& engine, rocksdb::DB& db, std::size_t writers, std::size_t puts) {
  const Cost ours = cost_of([&] {
    std::vector<std::function<Task<void>()>> tasks;
    for (std::size_t writer = 0; writer < writers; ++writer) {
      tasks.emplace_back([&, writer]() -> Task<void> {
        for (std::size_t i = writer; i < puts; i += writers)
          co_await put(engine, keys_from(10'000'000 + i, 1));
      });
    }
    run_all(std::move(tasks));
  });
  const Cost bare = cost_of([&] {
    std::vector<std::thread> threads;
    for (std::size_t writer = 0; writer < writers; ++writer) {
      threads.emplace_back([&, writer] {
        rocksdb::WriteOptions synced;
        synced.sync = true;
        for (std::size_t i = writer; i < puts; i += writers)
          check(db.Put(synced, key_of(10'000'000 + i), value));
      });
    }
    for (auto& each : threads) each.join();
  });
  report(std::to_string(writers) + " writers", puts, ours, bare);
}

void put_bulk(Engine& engine, rocksdb::DB& db, const char* name) {
  constexpr std::size_t pairs = 10'000;
  constexpr std::size_t rounds = 5;
  const Cost ours = cost_of([&] {
    for (std::size_t round = 0; round < rounds; ++round) {
      run_all({[&]() -> Task<void> { co_await put(engine, keys_from(round * pairs, pairs)); }});
    }
  });
  const Cost bare = cost_of([&] {
    for (std::size_t round = 0; round < rounds; ++round) {
      rocksdb::WriteBatch batch;
      for (const std::string& key : keys_from(round * pairs, pairs)) check(batch.Put(key, value));
      rocksdb::WriteOptions synced;
      synced.sync = true;
      check(db.Write(synced, &batch));
    }
  });
  report(name, rounds * pairs, ours, bare);
}

Task<void> list(Engine& engine, std::size_t& count) {
  std::optional<std::string> after = "";
  while (after) {
    ScanRequest request{place.id, "", std::move(*after), 1000, now};
    auto slice = (co_await engine.scan(std::move(request))).value();
    count += slice.entries.size();
    after = std::move(slice.resume_after);
  }
}

void list_all(Engine& engine, rocksdb::DB& db) {
  std::size_t count = 0;
  const Cost ours = cost_of([&] { run_all({[&]() -> Task<void> { co_await list(engine, count); }}); });
  std::size_t bare_count = 0;
  const Cost bare = cost_of([&] {
    const std::unique_ptr<rocksdb::Iterator> each(db.NewIterator({}));
    for (each->SeekToFirst(); each->Valid(); each->Next()) bare_count += each->value().size() > 0;
  });
  if (count != bare_count) std::abort();
  report("list", count, ours, bare);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s NEW-DIRECTORY [bulk]\n", argv[0]);
    return 2;
  }
  const bool is_bulk_only = argc > 2;
  const std::filesystem::path directory = argv[1];
  std::filesystem::create_directories(directory);
  const auto engine = open_rocksdb_engine({.data_directory = directory / "cubby"}).value();
  run_all({[&]() -> Task<void> { (co_await engine->create_namespace(place)).value(); }});
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  check(rocksdb::DB::Open(options, directory / "bare", &opened));
  const std::unique_ptr<rocksdb::DB> db(opened);

  if (!is_bulk_only) {
    put_by_many(*engine, *db, 1, 500);
    put_by_many(*engine, *db, 64, 20'000);
  }
  put_bulk(*engine, *db, "bulk, new");
  put_bulk(*engine, *db, "bulk, overwriting");
  list_all(*engine, *db);
}
