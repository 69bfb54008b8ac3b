// What every engine promises (store/engine.hpp), over every engine: mutations and versions.
#include <gtest/gtest.h>

#include "tests/support/engine_fixture.hpp"

namespace cubby {
namespace {

using Keys = std::vector<std::string>;

template <class... Each>
std::vector<Mutation> in_order(Each... mutation) {
  std::vector<Mutation> mutations;
  (mutations.emplace_back(std::move(mutation)), ...);
  return mutations;
}

TEST_P(EngineConformance, ApplyMakesAllMutationsVisibleWithOneVersion) {
  store.put("removed", "x");

  const Version version =
      store
          .apply(in_order(store.new_put("a", "1"), store.new_put("b", some_bytes(300'000)),
                          Delete{key("removed")}, store.new_put("c", "3")))
          .value();

  EXPECT_EQ(keys_of(store.scan()), (Keys{"a", "b", "c"}));
  for (const char* each : {"a", "b", "c"}) EXPECT_EQ(store.head(each)->version, version);
}

TEST_P(EngineConformance, DeleteRemovesAValueOfAnySize) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{3 * limits::value_piece_bytes}}) {
    store.put("key", some_bytes(size));

    store.remove("key");

    EXPECT_FALSE(store.get("key"));
    EXPECT_FALSE(store.head("key"));
    EXPECT_EQ(keys_of(store.scan()), Keys{});
  }
}

TEST_P(EngineConformance, DeletingAnAbsentKeyIsNoErrorAndHasAVersion) {
  const Version before = store.put("other", "x");

  EXPECT_GT(store.remove("absent"), before);
  EXPECT_EQ(keys_of(store.scan()), Keys{"other"});
}

TEST_P(EngineConformance, ForTheSameKeyTwiceTheLaterPutWins) {
  for (const std::size_t first : {10u, 300'000u}) {
    for (const std::size_t second : {20u, 600'000u}) {
      SCOPED_TRACE(std::to_string(first) + " then " + std::to_string(second));
      const auto applied = store.apply(in_order(
          store.new_put("key", some_bytes(first, 1), {.metadata = metadata("1"), .expiration = t0 + 60s}),
          store.new_put("key", some_bytes(second, 2))));

      const auto found = store.get("key");
      EXPECT_TRUE(found->bytes == some_bytes(second, 2));
      EXPECT_EQ(found->head, (Head{applied.value(), {}, {}, second}));
    }
  }
}

TEST_P(EngineConformance, APutThenADeleteLeavesNothing) {
  store.put("key", "old");

  store.apply(in_order(store.new_put("key", some_bytes(300'000)), Delete{key("key")})).value();

  EXPECT_FALSE(store.get("key"));
  EXPECT_EQ(keys_of(store.scan()), Keys{});
}

TEST_P(EngineConformance, ADeleteThenAPutLeavesTheValue) {
  store.put("key", some_bytes(300'000));

  store.apply(in_order(Delete{key("key")}, store.new_put("key", "new"))).value();

  EXPECT_EQ(store.get("key")->bytes, "new");
}

TEST_P(EngineConformance, ApplyTakesTheLargestBulk) {
  std::vector<Mutation> mutations;
  for (std::size_t i = 0; i < limits::bulk_items_max; ++i) {
    mutations.emplace_back(store.new_put("key" + std::to_string(10'000 + i), std::to_string(i)));
  }

  const Version version = store.apply(std::move(mutations)).value();

  EXPECT_EQ(store.get("key10000")->bytes, "0");
  EXPECT_EQ(store.get("key19999")->bytes, "9999");
  EXPECT_EQ(store.head("key15000")->version, version);
  EXPECT_EQ(store.scan("", "", 20'000).entries.size(), limits::bulk_items_max);
}

TEST_P(EngineConformance, ApplyOfNothingIsNoError) {
  store.put("key", "value");

  EXPECT_TRUE(store.apply({}).has_value());

  EXPECT_EQ(keys_of(store.scan()), Keys{"key"});
}

TEST_P(EngineConformance, NamespacesHaveKeysOfTheirOwn) {
  const Store other = new_store(*engine, "another");
  store.put("key", "mine");
  other.put("key", some_bytes(300'000));

  other.remove("key");

  EXPECT_EQ(store.get("key")->bytes, "mine");
  EXPECT_FALSE(other.get("key"));
}

TEST_P(EngineConformance, ApplyToAnUnknownNamespaceIsRefusedAndAppliesNothing) {
  const Store unknown(*engine, NamespaceId::random());

  const auto applied = unknown.apply(
      in_order(unknown.new_put("a", "x"), unknown.new_put("b", some_bytes(600'000)), Delete{key("c")}));

  EXPECT_EQ(applied.error().code, Errc::namespace_not_found);
  EXPECT_FALSE(unknown.get("a"));
  EXPECT_FALSE(unknown.get("b"));
  EXPECT_EQ(keys_of(unknown.scan()), Keys{});
}

// ---- Versions

TEST_P(EngineConformance, AVersionBeginsWithTheTimeOfTheWrite) {
  const Version version = store.put("key", "value");

  const auto milliseconds = static_cast<std::uint64_t>(version) >> 16;
  EXPECT_EQ(milliseconds, static_cast<std::uint64_t>(written_at.time_since_epoch().count()));
}

TEST_P(EngineConformance, VersionsGrowWhileTheClockStandsStill) {
  const Version first = store.put("a", "x");
  const Version second = store.put("a", "x");
  const Version third = store.remove("a");

  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST_P(EngineConformance, VersionsGrowAlsoWhenTheClockGoesBack) {
  ManualClock clock;
  Version last = store.put("key", "x", {.at = clock.now()});
  for (const auto step : {-1ms, -1'000'000ms, 5ms, -2'000'000'000'000ms, 1ms}) {
    clock.advance(step);

    const Version version = store.put("key", "x", {.at = clock.now()});

    EXPECT_GT(version, last);
    EXPECT_EQ(store.head("key")->version, version);
    last = version;
  }
}

TEST_P(EngineConformance, VersionsGrowOverAllNamespaces) {
  const Store other = new_store(*engine, "another");

  const Version first = store.put("key", "x");
  const Version second = other.put("key", "x");

  EXPECT_LT(first, second);
}

TEST_P(EngineConformance, ATimeBeforeTheEpochIsAsGoodAsAny) {
  const Version version = store.put("key", "x", {.at = Timestamp{-5ms}});

  EXPECT_EQ(store.head("key")->version, version);
  EXPECT_GT(version, Version{});
}

}  // namespace
}  // namespace cubby
