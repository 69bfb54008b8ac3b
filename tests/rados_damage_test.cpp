// Rows and objects of the cluster that are damaged or lost: what is damaged is said, and keeps nothing else
// from going on. Runs in the suite `rados` of ./dev test.
#ifdef CUBBY_WITH_RADOS
#include <gtest/gtest.h>

#include <cstdlib>

#include "rados/rados_index.hpp"
#include "tests/support/rados_check.hpp"

namespace cubby {
namespace {

using namespace rados_layout;

std::string numbered(std::size_t number) {
  return "key" + std::to_string(100 + number);
}

// An engine, and a hand in the cluster beside it.
class RadosDamage : public testing::TestWithParam<EngineKind> {
 protected:
  // Splits behind its 8th key and merges two shards of fewer than 8 together, or neither.
  static RadosSharding sharding(bool splits, bool merges) {
    RadosSharding sharding = tiny_shards();
    sharding.split_keys = splits ? 8 : 1000;
    sharding.merge_keys = merges ? 8 : 0;
    return sharding;
  }
  std::unique_ptr<Engine> open(const RadosSharding& sharding) {
    return open_rados_engine(rados_options(directory.path(), sharding)).value();
  }
  // Who has the catalog open takes a share of the upkeep, so nobody but the engine does for long.
  RadosPlace place(const Store& store) {
    RadosCatalog catalog(connection->index());
    catalog.open().value();
    return {store.id(), catalog.newest_blocking().value()->indexes.at(store.id())};
  }
  ShardId shard_of(const Store& store, const std::string& key) {
    return run(router.read(place(store), KeyPosition{key}, nullptr)).value().id;
  }
  void damage(const Store& store, const std::string& key) {
    set(shard_of(store, key), {{head_row(key), to_buffer("wrong")}});
  }
  void set(ShardId shard, const RadosRows& rows) {
    ASSERT_EQ(connection->index().blocking().omap_set(shard_object(shard), rows), 0);
  }
  void remove(const std::string& object) { ASSERT_EQ(connection->index().blocking().remove(object), 0); }

  static void put(const Store& store, std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) store.put(numbered(i), "value");
  }

  FreshDirectory directory;
  ManualClock clock{SystemClock().now()};
  const std::unique_ptr<RadosConnection> connection =
      RadosConnection::open(rados_options(directory.path())).value();
  RadosRouter router{connection->index()};
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RadosDamage);
INSTANTIATE_TEST_SUITE_P(Every, RadosDamage,
                         testing::ValuesIn(std::getenv("CUBBY_TEST_RADOS_CONF")
                                               ? std::vector<EngineKind>{{"Rados", open_rados, true}}
                                               : std::vector<EngineKind>{}),
                         name_of);

TEST_P(RadosDamage, AHeadThatIsDamagedMayBeOverwrittenAndDeletedWithOthers) {
  const auto engine = open(sharding(false, false));
  const Store store = new_store(*engine);
  put(store, 0, 5);
  damage(store, numbered(1));
  damage(store, numbered(3));
  EXPECT_EQ(store.open(numbered(1)).error().code, Errc::storage_corrupt);

  std::vector<Mutation> mutations;
  mutations.emplace_back(store.new_put(numbered(0), "new"));
  mutations.emplace_back(store.new_put(numbered(1), "new"));
  mutations.emplace_back(Delete{key(numbered(3))});
  mutations.emplace_back(Delete{key(numbered(4))});
  store.apply(std::move(mutations)).value();

  EXPECT_EQ(keys_of(store.scan()), (std::vector{numbered(0), numbered(1), numbered(2)}));
  EXPECT_EQ(store.get(numbered(1))->bytes, "new");
  EXPECT_EQ(store.usage().keys, 3u);
  const Usage counted = run(engine->recount(store.id(), t0)).value();
  EXPECT_EQ(counted, (Usage{3, 3 * 6 + 3 + 3 + 5}));
  EXPECT_EQ(store.usage(), counted);
}

TEST_P(RadosDamage, AHeadThatIsDamagedDoesNotKeepItsShardFromSplittingAndMerging) {
  auto engine = open(sharding(true, false));
  const Store store = new_store(*engine);
  StoredIndex index(directory.path(), store.id());
  put(store, 0, 8);
  damage(store, numbered(2));
  damage(store, numbered(7));

  put(store, 8, 1);

  index.settled_shards(2);
  put(store, 9, 1);
  EXPECT_EQ(store.open(numbered(7)).error().code, Errc::storage_corrupt);
  EXPECT_EQ(store.get(numbered(6))->bytes, "value");
  EXPECT_EQ(store.usage().keys, 10u);

  engine = open(sharding(false, true));
  const Store same(*engine, store.id());
  for (const std::size_t i : {0u, 1u, 3u, 8u, 9u}) same.remove(numbered(i));
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (index.settled_shards().size() > 1) ASSERT_LT(std::chrono::steady_clock::now(), until);
  same.remove(numbered(2));
  same.put(numbered(7), "new");
  EXPECT_EQ(same.usage().keys, 4u);
  EXPECT_EQ(run(engine->recount(store.id(), t0)).value().keys, 4u);
  index.expect_sound();
}

TEST_P(RadosDamage, WhatIsDueIsSweptWhereverAHeadIsDamaged) {
  const auto engine = open(sharding(false, false));
  const Store store = new_store(*engine);
  for (std::size_t i = 0; i < 4; ++i)
    store.put(numbered(i), "value", {.expiration = t0 + std::chrono::seconds(i)});
  damage(store, numbered(0));

  EXPECT_EQ(sweep_all(*engine, t0 + 60s), 3u);

  StoredIndex index(directory.path(), store.id());
  for (const StoredShard& each : index.settled_shards()) {
    EXPECT_EQ(each.rows_of(head_kind).size(), 1u) << "the damaged one";
    EXPECT_TRUE(each.rows_of(expiry_kind).empty());
  }
}

TEST_P(RadosDamage, CountersThatAreDamagedDoNotKeepAShardFromBeingRecounted) {
  auto engine = open(sharding(true, false));
  const Store store = new_store(*engine);
  StoredIndex index(directory.path(), store.id());
  put(store, 0, 9);
  const auto halves = index.settled_shards(2);
  for (const StoredShard& each : halves) set(each.id, {{counter_row(WriterId{7}), to_buffer("wrong")}});
  EXPECT_EQ(run(engine->usage(store.id(), t0)).error().code, Errc::storage_corrupt);

  EXPECT_EQ(run(engine->recount(store.id(), t0)).value().keys, 9u);

  EXPECT_EQ(store.usage().keys, 9u);
  put(store, 9, 1);
  index.expect_sound();
}

// An empty answer would be believed.
TEST_P(RadosDamage, AnIndexThatIsLostIsDamageAndNotAnEmptyNamespace) {
  const auto engine = open(sharding(false, false));
  for (const bool is_map_lost : {true, false}) {
    const Store store = new_store(*engine, is_map_lost ? "without a map" : "without a shard");
    store.put("key", "value");
    remove(is_map_lost ? map_object(place(store).index) : shard_object(shard_of(store, "key")));

    const auto other = open(sharding(false, false));
    const Store same(*other, store.id());
    EXPECT_EQ(same.open("key").error().code, Errc::storage_corrupt);
    EXPECT_EQ(run(other->scan({store.id(), "", "", 10, t0})).error().code, Errc::storage_corrupt);
    EXPECT_EQ(run(other->usage(store.id(), t0)).error().code, Errc::storage_corrupt);
    std::vector<Mutation> mutations;
    mutations.emplace_back(Delete{key("key")});
    EXPECT_EQ(same.apply(std::move(mutations)).error().code, Errc::storage_corrupt);
  }
}

TEST_P(RadosDamage, GarbageThatTakesLongIsLeftForTheNextTime) {
  const auto engine = open(sharding(false, false));
  const Store store = new_store(*engine);
  store.put("key", "value");
  const ShardId shard = shard_of(store, "key");
  RadosRows garbage;
  for (std::uint64_t i = 1; i <= 1200; ++i)
    garbage.emplace(garbage_row(clock.now() - std::chrono::hours(1), BodyId{i}), to_buffer(number_bytes(1)));
  set(shard, garbage);
  RadosBalancer balancer{connection->index(), router, RadosSharding{}, clock};
  RadosIndexes indexes{connection->index(), connection->data(), router, balancer, RadosSharding{}, clock};
  StoredIndex index(directory.path(), store.id());
  const auto left = [&] { return index.settled_shards().front().rows_of(garbage_kind).size(); };
  const auto now = RadosIndexes::Stopwatch::now();

  EXPECT_TRUE(run(indexes.tend(place(store), shard, now - 1s)).value());
  EXPECT_EQ(left(), 1200u);
  EXPECT_TRUE(run(indexes.tend(place(store), shard, now + std::chrono::minutes(1))).value());
  EXPECT_EQ(left(), 0u);
}

}  // namespace
}  // namespace cubby
#endif
