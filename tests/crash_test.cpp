// A crash of the process: a child writes through the RocksDB engine and tells what was acknowledged, the
// parent kills it, opens the directory again and wants all of it back. (A crash of the machine is another
// matter.)
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <sstream>
#include <thread>

#include "tests/support/child_process.hpp"
#include "tests/support/engine_fixture.hpp"
#include "tests/support/rocksdb_rows.hpp"

namespace cubby {
namespace {

constexpr std::size_t writers = 4;
constexpr int keys_per_writer = 5;
constexpr int rounds = 8;

constexpr const char* directory_variable = "CUBBY_CRASH_DIRECTORY";
constexpr const char* namespace_variable = "CUBBY_CRASH_NAMESPACE";
constexpr const char* progress_variable = "CUBBY_CRASH_PROGRESS";

// ---- The plan: what each write of each writer is. Both processes know it.

struct Written {
  std::string bytes;
  PutOptions options;
};

std::string key_of(std::size_t writer, int write) {
  return "writer " + std::to_string(writer) + ", key " + std::to_string(write % keys_per_writer);
}

// Nothing: the write is a deletion.
std::optional<Written> planned(std::size_t writer, int write) {
  constexpr std::size_t sizes[] = {10, 1500, 300'000, 0, 700'000, limits::inline_value_bytes_max};
  if (write % 7 == 6) return std::nullopt;
  const auto number = static_cast<std::size_t>(write);
  Written written{some_bytes(sizes[number % std::size(sizes)], number * writers + writer), {}};
  written.options.metadata = metadata(std::to_string(write));
  if (write % 3 == 0) written.options.expiration = t0 + std::chrono::seconds(1 + write);
  return written;
}

// ---- The child

const char* variable(const char* name) {
  return std::getenv(name);
}

void write_for_ever(const Store& store, std::size_t writer, int first) {
  for (int write = first;; ++write) {
    if (const auto put = planned(writer, write)) {
      store.put(key_of(writer, write), put->bytes, put->options);
    } else {
      store.remove(key_of(writer, write));
    }
    ChildProcess::tell_parent(std::to_string(writer) + " " + std::to_string(write));
  }
}

// Does nothing unless it was started as a child.
TEST(CrashChild, WritesUntilItIsKilled) {
  if (!variable(directory_variable)) return;
  const auto engine = open_rocksdb(variable(directory_variable)).value();
  const Store store(*engine, NamespaceId::parse(variable(namespace_variable)).value());
  std::istringstream progress(variable(progress_variable));
  std::vector<std::thread> threads;
  for (std::size_t writer = 0; writer < writers; ++writer) {
    int first = 0;
    progress >> first;
    threads.emplace_back([&store, writer, first] { write_for_ever(store, writer, first); });
  }
  for (std::thread& each : threads) each.join();
}

// Does nothing unless it was started as a child.
TEST(CrashChild, UploadsUntilItIsKilled) {
  if (!variable(directory_variable)) return;
  const auto engine = open_rocksdb(variable(directory_variable)).value();
  const auto id = NamespaceId::parse(variable(namespace_variable)).value();
  const auto unfinished = engine->begin_upload(id);
  run(unfinished->append(some_bytes(3 * limits::value_piece_bytes + 1))).value();
  const auto finished = Store(*engine, id).upload(some_bytes(2 * limits::value_piece_bytes));
  const auto in_a_row = Store(*engine, id).upload(some_bytes(5000));
  ChildProcess::tell_parent("uploaded");
  for (;;) ::pause();
}

// Does nothing unless it was started as a child.
TEST(CrashChild, RemovesItsNamespaceAndIsKilled) {
  if (!variable(directory_variable)) return;
  const auto engine = open_rocksdb(variable(directory_variable)).value();
  const auto id = NamespaceId::parse(variable(namespace_variable)).value();
  run(engine->remove_namespace(id)).value();
  ChildProcess::tell_parent("removed");
  for (;;) ::pause();
}

// ---- The parent

class Crash : public testing::Test {
 protected:
  FreshDirectory directory;
  NamespaceId id = make_namespace();
  std::vector<int> next = std::vector<int>(writers, 0);  // of each writer: the first write not acknowledged

  NamespaceId make_namespace() {
    const auto engine = open_rocksdb(directory.path()).value();
    return new_store(*engine).id();
  }

  std::map<std::string, std::string> environment() const {
    std::string progress;
    for (const int each : next) progress += std::to_string(each) + " ";
    return {{directory_variable, directory.path()},
            {namespace_variable, id.text()},
            {progress_variable, progress}};
  }

  // Lets a child write until so many writes are acknowledged, and kills it.
  void write_and_crash(std::size_t acknowledgements) {
    ChildProcess child("CrashChild.WritesUntilItIsKilled", environment());
    for (std::size_t told = 0; told < acknowledgements; ++told) {
      const auto line = child.read_line();
      ASSERT_TRUE(line) << "the child ended by itself";
      note(*line);
    }
    child.kill();
    while (const auto line = child.read_line()) note(*line);
  }

  void note(const std::string& line) {
    std::istringstream words(line);
    std::size_t writer = 0;
    int write = 0;
    words >> writer >> write;
    ASSERT_EQ(next.at(writer), write);
    next[writer] = write + 1;
  }

  // The key holds its last acknowledged write, or the one that was under way.
  void expect_acknowledged(const Store& store, std::size_t writer, int key_number) {
    int last = next[writer] - 1;
    while (last >= 0 && last % keys_per_writer != key_number) --last;
    const auto found = store.get(key_of(writer, key_number));
    const bool may_be_newer = next[writer] % keys_per_writer == key_number;
    EXPECT_TRUE(is_effect_of(found, writer, last) ||
                (may_be_newer && is_effect_of(found, writer, next[writer])))
        << key_of(writer, key_number) << " must hold write " << last << " and holds "
        << (found ? found->head.metadata->text() : "nothing");
    if (found) newest = std::max(newest, found->head.version);
  }

  // All of it: bytes, metadata and expiration of the same write.
  static bool is_effect_of(const std::optional<Found>& found, std::size_t writer, int write) {
    const auto plan = write < 0 ? std::nullopt : planned(writer, write);
    if (!found || !plan) return !found && !plan;
    return found->bytes == plan->bytes && found->head.metadata == plan->options.metadata &&
           found->head.expiration == plan->options.expiration;
  }

  void expect_everything_acknowledged() {
    const auto engine = open_rocksdb(directory.path()).value();
    const Store store(*engine, id);
    for (std::size_t writer = 0; writer < writers; ++writer) {
      for (int each = 0; each < keys_per_writer; ++each) expect_acknowledged(store, writer, each);
    }
    EXPECT_GT(store.remove("no such key"), newest) << "versions grow over a crash";
  }

  // Every row and file belongs to a head, and the counters say what is there.
  void expect_no_garbage() {
    settle(directory.path());
    std::size_t rows_wanted = 0;
    std::size_t files_wanted = 0;
    std::size_t due_wanted = 0;
    {
      const auto engine = open_rocksdb(directory.path()).value();
      const Store store(*engine, id);
      for (const Entry& each : store.scan().entries) {
        if (each.head.value_bytes > limits::value_piece_bytes)
          ++files_wanted;
        else if (each.head.value_bytes > limits::inline_value_bytes_max)
          ++rows_wanted;
        if (each.head.expiration) ++due_wanted;
      }
      const Usage usage = store.usage();
      EXPECT_EQ(usage, run(engine->recount(id, t0)).value());
    }
    const RocksDbRows rows(directory.path());
    EXPECT_EQ(rows.of("values").size(), rows_wanted);
    EXPECT_EQ(rows.of("files").size(), files_wanted);
    EXPECT_EQ(value_files(directory.path()).size(), files_wanted);
    EXPECT_EQ(rows.of("expiry").size(), due_wanted);
  }

  Version newest{};
};

TEST_F(Crash, EveryAcknowledgedWriteIsThereAfterwards) {
  const char* const given = std::getenv("CUBBY_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 1;
  SCOPED_TRACE("CUBBY_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));

    ASSERT_NO_FATAL_FAILURE(write_and_crash(1 + random() % 60));

    expect_everything_acknowledged();
    expect_no_garbage();
    if (HasFailure()) return;
  }
}

TEST_F(Crash, AnUploadThatWasCutShortIsCollectedAtTheNextOpen) {
  {
    ChildProcess child("CrashChild.UploadsUntilItIsKilled", environment());
    ASSERT_EQ(child.read_line(), "uploaded");
  }
  EXPECT_EQ(value_files(directory.path()).size(), 2u);
  EXPECT_EQ(RocksDbRows(directory.path()).of("values").size(), 1u);
  EXPECT_EQ(RocksDbRows(directory.path()).of("garbage").size(), 1u);

  settle(directory.path());

  EXPECT_EQ(value_files(directory.path()).size(), 0u);
  EXPECT_EQ(RocksDbRows(directory.path()).of("values").size(), 0u);
}

TEST_F(Crash, ARemovedNamespaceStaysRemovedAndLeavesNothing) {
  {
    const auto engine = open_rocksdb(directory.path()).value();
    const Store store(*engine, id);
    for (int batch = 0; batch < 3; ++batch) {
      std::vector<Mutation> mutations;
      for (int i = 0; i < 10'000; ++i) {
        mutations.emplace_back(
            store.new_put(std::to_string(batch * 10'000 + i), "x", {.expiration = t0 + 60s}));
      }
      store.apply(std::move(mutations)).value();
    }
    for (int i = 0; i < 3; ++i) store.put("large " + std::to_string(i), some_bytes(300'000));
  }
  {
    ChildProcess child("CrashChild.RemovesItsNamespaceAndIsKilled", environment());
    ASSERT_EQ(child.read_line(), "removed");
  }
  EXPECT_FALSE(Store(*open_rocksdb(directory.path()).value(), id).head("1"));

  settle(directory.path());

  EXPECT_EQ(value_files(directory.path()).size(), 0u);
  const RocksDbRows rows(directory.path());
  for (const char* family :
       {"heads", "values", "files", "garbage", "expiry", "usage", "catalog", "removals"}) {
    EXPECT_EQ(rows.of(family).size(), 0u) << family;
  }
}

}  // namespace
}  // namespace cubby
