// What every engine promises (store/engine.hpp), over every engine: many loops at once. Run it under
// ThreadSanitizer too.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <set>
#include <thread>

#include "tests/support/engine_fixture.hpp"

#ifdef __SANITIZE_THREAD__
// The system's RocksDB and libstdc++ are built without ThreadSanitizer, which therefore does not see how
// RocksDB's atomics order its memtables, batches and log buffers, and takes each for a race.
extern "C" const char* __tsan_default_suppressions() {
  return "race:^rocksdb::\n"
         "called_from_lib:librocksdb.so\n"
         "called_from_lib:libstdc++.so\n"
         "race:^std::__cxx11::basic_string<*>::_M_mutate\n"
         "race:^std::__cxx11::basic_string<*>::_M_append\n"
         "race:^std::__cxx11::basic_string<*>::_M_assign\n";
}
#endif

namespace cubby {
namespace {

constexpr int loops = 4;

// Runs `work(number)` on so many threads, each of which runs loops of its own, and waits for all.
void on_each_loop(const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int number = 0; number < loops; ++number) threads.emplace_back([&work, number] { work(number); });
  for (std::thread& each : threads) each.join();
}

TEST_P(EngineConformance, ConcurrentAppliesAllHappenEachWithAVersionOfItsOwn) {
  constexpr int writes = 25;
  std::vector<std::vector<Version>> versions(loops);

  on_each_loop([&](int number) {
    for (int i = 0; i < writes; ++i) {
      const std::string name = std::to_string(number) + "." + std::to_string(i);
      versions[static_cast<std::size_t>(number)].push_back(store.put(name, name));
    }
  });

  std::set<Version> different;
  for (const auto& of_one_loop : versions) {
    EXPECT_TRUE(std::is_sorted(of_one_loop.begin(), of_one_loop.end()));
    different.insert(of_one_loop.begin(), of_one_loop.end());
  }
  EXPECT_EQ(different.size(), std::size_t{loops * writes});
  EXPECT_EQ(store.scan().entries.size(), std::size_t{loops * writes});
}

TEST_P(EngineConformance, ManyAppliesOfOneLoopAllHappen) {
  boost::asio::io_context loop;
  std::vector<Version> versions;
  const auto write = [](Store into, std::string name, std::vector<Version>& answers) -> Task<void> {
    std::vector<Mutation> mutations;
    mutations.emplace_back(Put{key(name), into.engine().begin_upload(into.id()), {}, {}});
    const auto applied = co_await into.engine().apply(into.id(), std::move(mutations), written_at);
    answers.push_back(applied.value());
  };
  for (int i = 0; i < 100; ++i) {
    spawn(loop, write(store, "key" + std::to_string(i), versions), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }

  loop.run();

  EXPECT_EQ(std::set<Version>(versions.begin(), versions.end()).size(), 100u);
  EXPECT_EQ(store.scan().entries.size(), 100u);
}

TEST_P(EngineConformance, OfConcurrentUploadsToOneKeyTheOneWithTheLargestVersionStays) {
  std::vector<Version> versions(loops);

  on_each_loop([&](int number) {
    const auto bytes =
        some_bytes(400'000 + static_cast<std::size_t>(number), static_cast<std::uint64_t>(number));
    versions[static_cast<std::size_t>(number)] =
        store.put("key", bytes, {.metadata = metadata(std::to_string(number))});
  });

  const auto last = std::max_element(versions.begin(), versions.end());
  const auto winner = static_cast<std::uint64_t>(last - versions.begin());
  const auto found = store.get("key");
  EXPECT_EQ(found->head.version, *last);
  EXPECT_EQ(found->head.metadata, metadata(std::to_string(winner)));
  EXPECT_TRUE(found->bytes == some_bytes(400'000 + winner, winner));
}

// Sizes of every kind, so that readers meet each change between small and large.
std::string bytes_of_write(int write) {
  constexpr std::size_t sizes[] = {10, 300'000, 2'000, 700'000, 0};
  return some_bytes(sizes[write % 5] + static_cast<std::size_t>(write % 7),
                    static_cast<std::uint64_t>(write));
}

TEST_P(EngineConformance, ReadersAlwaysSeeOneWholeWriteAndNeverAnOlderOne) {
  constexpr int writes = 40;
  std::atomic<int> acknowledged = 0;
  store.put("key", bytes_of_write(0), {.metadata = metadata("0")});

  on_each_loop([&](int number) {
    if (number == 0) {
      for (int write = 1; write <= writes; ++write) {
        store.put("key", bytes_of_write(write), {.metadata = metadata(std::to_string(write))});
        acknowledged = write;
      }
      return;
    }
    while (acknowledged < writes) {
      const int at_least = acknowledged;
      const auto found = store.get("key");
      ASSERT_TRUE(found);
      const int write = std::stoi(found->head.metadata->text());
      ASSERT_GE(write, at_least);
      ASSERT_TRUE(found->bytes == bytes_of_write(write));
    }
  });
}

TEST_P(EngineConformance, ReadersSeeAllOfAnApplyOrNothing) {
  constexpr int rounds = 30;
  std::atomic<bool> done = false;

  on_each_loop([&](int number) {
    if (number == 0) {
      for (int round = 0; round < rounds; ++round) {
        std::vector<Mutation> mutations;
        for (const char* each : {"a", "b", "c"}) {
          if (round % 2 == 0) {
            mutations.emplace_back(store.new_put(each, "x"));
          } else {
            mutations.emplace_back(Delete{key(each)});
          }
        }
        store.apply(std::move(mutations)).value();
      }
      done = true;
      return;
    }
    while (!done) {
      const ScanSlice slice = store.scan();
      ASSERT_TRUE(slice.entries.empty() || slice.entries.size() == 3);
      for (const Entry& each : slice.entries) ASSERT_EQ(each.head.version, slice.entries[0].head.version);
    }
  });
}

TEST_P(EngineConformance, ConcurrentChangesOfTheCatalogKeepItsRules) {
  const auto account = AccountId::random();
  std::atomic<int> created = 0;
  std::atomic<int> taken = 0;

  on_each_loop([&](int) {
    for (int i = 0; i < 10; ++i) {
      const auto result = run(engine->create_namespace(some_namespace("title" + std::to_string(i), account)));
      if (result) {
        ++created;
      } else if (result.error().code == Errc::title_taken) {
        ++taken;
      }
    }
  });

  EXPECT_EQ(created, 10);
  EXPECT_EQ(taken, (loops - 1) * 10);
  EXPECT_EQ(run(engine->namespaces(account)).value().size(), 10u);
}

// Whatever the order: what was acknowledged before the removal is gone, and nothing gets in after it.
TEST_P(EngineConformance, NothingSurvivesARemovalThatRunsBesideWrites) {
  std::atomic<int> acknowledged = 0;

  on_each_loop([&](int number) {
    if (number == 0) {
      while (acknowledged < 10) std::this_thread::yield();
      run(engine->remove_namespace(store.id())).value();
      return;
    }
    for (int i = 0;; ++i) {
      const std::size_t size = i % 2 == 0 ? 10 : 300'000;
      std::vector<Mutation> mutations;
      mutations.emplace_back(
          store.new_put(std::to_string(number) + "." + std::to_string(i % 10), some_bytes(size)));
      const auto applied = store.apply(std::move(mutations));
      if (!applied) {
        EXPECT_EQ(applied.error().code, Errc::namespace_not_found);
        return;
      }
      ++acknowledged;
    }
  });

  EXPECT_TRUE(store.scan().entries.empty());
  EXPECT_FALSE(store.get("1.0"));
  EXPECT_FALSE(store.get("1.1"));
}

}  // namespace
}  // namespace cubby
