// Usage of namespaces on many shards, which split and merge meanwhile. Engines stand for processes here: they
// share nothing but the cluster. Runs in the suite `rados` of ./dev test.
#ifdef CUBBY_WITH_RADOS
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "tests/support/rados_check.hpp"

namespace cubby {

inline void PrintTo(const Usage& usage, std::ostream* out) {
  *out << usage.keys << " keys, " << usage.bytes << " bytes";
}

namespace {

constexpr std::size_t keys_count = 90;

class RadosUsageOfShards : public testing::TestWithParam<EngineKind> {
 protected:
  // Splits and merges by these bounds alone.
  static RadosSharding sharding(std::uint64_t split_keys, std::uint64_t merge_keys) {
    RadosSharding sharding = tiny_shards();
    sharding.split_keys = split_keys;
    sharding.merge_keys = merge_keys;
    return sharding;
  }
  static RadosSharding calm() { return sharding(1000, 0); }
  // Counts every time, and reads the map in pages of so many shards.
  static RadosSharding calm_with_pages_of(std::uint64_t shards) {
    RadosSharding sharding = calm();
    sharding.usage_kept_shards = shards;
    sharding.usage_kept_for = 0s;
    return sharding;
  }
  std::unique_ptr<Engine> open(const RadosSharding& sharding) {
    return open_rados_engine(rados_options(directory.path(), sharding)).value();
  }

  // A third of them expires, one a second.
  static void put_some(const Store& store, std::size_t begin, std::size_t end) {
    std::vector<Mutation> mutations;
    for (std::size_t i = begin; i < end; ++i) {
      PutOptions options;
      if (i % 3 == 0) options.expiration = t0 + std::chrono::seconds(i);
      mutations.emplace_back(store.new_put(std::to_string(100 + i), std::string(i, 'x'), options));
    }
    store.apply(std::move(mutations)).value();
  }
  static Usage expected(std::size_t begin, std::size_t end, Instant now) {
    Usage usage;
    for (std::size_t i = begin; i < end; ++i) {
      if (i % 3 == 0 && t0 + std::chrono::seconds(i) <= now) continue;
      ++usage.keys;
      usage.bytes += 3 + i;
    }
    return usage;
  }

  FreshDirectory directory;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RadosUsageOfShards);
INSTANTIATE_TEST_SUITE_P(Every, RadosUsageOfShards,
                         testing::ValuesIn(std::getenv("CUBBY_TEST_RADOS_CONF")
                                               ? std::vector<EngineKind>{{"Rados", open_rados, true}}
                                               : std::vector<EngineKind>{}),
                         name_of);

TEST_P(RadosUsageOfShards, IsExactWhileOthersSplitAndMerge) {
  const auto counting = open(calm());
  const auto paging = open(calm_with_pages_of(3));
  const Store store = new_store(*counting);
  const Store same(*paging, store.id());
  StoredIndex index(directory.path(), store.id());
  const auto compare = [&](std::size_t begin, std::size_t end) {
    for (const auto now : {t0 - 1s, t0 + 40s}) {
      ASSERT_EQ(store.usage(now), expected(begin, end, now));
      ASSERT_EQ(same.usage(now), expected(begin, end, now));
    }
  };
  put_some(store, 0, keys_count - 1);
  {
    const auto splitting = open(sharding(4, 0));
    const Store written(*splitting, store.id());
    put_some(written, keys_count - 1, keys_count);
    // A shard is looked at when something is written there.
    for (std::size_t i = 0; !HasFailure() && index.shards().size() < 20; i = (i + 1) % keys_count) {
      compare(0, keys_count);
      put_some(written, i, i + 1);
    }
  }
  compare(0, keys_count);
  {
    const auto merging = open(sharding(1000, 1000));
    const Store written(*merging, store.id());
    written.remove("100");
    for (std::size_t i = 1; !HasFailure() && index.shards().size() > 1; i = i % (keys_count - 1) + 1) {
      compare(1, keys_count);
      written.remove(std::to_string(100 + i));
      put_some(written, i, i + 1);
    }
  }
  compare(1, keys_count);
  EXPECT_EQ(run(counting->recount(store.id(), t0)).value(), expected(1, keys_count, t0));
}

TEST_P(RadosUsageOfShards, TakesOffWhatIsDueOnMorePagesThanOne) {
  const auto engine = open(sharding(5000, 0));
  const Store store = new_store(*engine);
  for (int portion = 0; portion < 3; ++portion) {
    std::vector<Mutation> mutations;
    for (int i = 0; i < 450; ++i) {
      const int number = 450 * portion + i;
      mutations.emplace_back(store.new_put(std::to_string(10'000 + number), "x",
                                           {.expiration = t0 + std::chrono::seconds(number)}));
    }
    store.apply(std::move(mutations)).value();
  }

  for (const std::uint64_t due : {0u, 1u, 31u, 32u, 33u, 500u, 999u, 1000u, 1001u, 1350u}) {
    const auto now = t0 + std::chrono::seconds(due) - 1s;
    EXPECT_EQ(store.usage(now), (Usage{1350 - due, (1350 - due) * 6}));
  }
}

TEST_P(RadosUsageOfShards, OnManyShardsIsToldWithItsAge) {
  RadosSharding keeping = sharding(4, 0);
  keeping.usage_kept_shards = 3;
  keeping.usage_kept_for = 20s;
  const auto engine = open(keeping);
  const Store store = new_store(*engine);
  const auto told = [&](Instant now) { return run(engine->usage(store.id(), now)).value(); };
  put_some(store, 0, 1);
  EXPECT_EQ(told(t0).usage, expected(0, 1, t0));
  put_some(store, 1, 3);
  EXPECT_EQ(told(t0).usage, expected(0, 3, t0)) << "kept, though on one shard";
  put_some(store, 3, 30);
  StoredIndex(directory.path(), store.id()).settled_shards(4);

  const CountedUsage first = told(t0);
  put_some(store, 30, 40);
  const CountedUsage kept = told(t0 + 19s);
  const CountedUsage last = told(t0 + 20s);

  EXPECT_EQ(first.usage, expected(0, 30, t0));
  EXPECT_EQ(first.age, 0s);
  EXPECT_EQ(kept.usage, first.usage);
  EXPECT_EQ(kept.age, 20s);
  EXPECT_EQ(last.usage, expected(0, 40, t0 + 20s));
  EXPECT_EQ(last.age, 0s);
}

TEST_P(RadosUsageOfShards, CallersOfManyThreadsAreAllAnswered) {
  const auto engine = open(calm_with_pages_of(1));
  const Store store = new_store(*engine);
  {
    const auto splitting = open(sharding(4, 0));
    put_some(Store(*splitting, store.id()), 0, 30);
    StoredIndex(directory.path(), store.id()).settled_shards(4);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int call = 0; call < 10; ++call) EXPECT_EQ(store.usage(), expected(0, 30, t0));
    });
  }
  for (std::thread& each : threads) each.join();
}

}  // namespace
}  // namespace cubby
#endif
