// What every engine must do: usage and sweeping. The seeded model test goes through their combinations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/engine_fixture.hpp"

namespace cubby {

inline void PrintTo(const Usage& usage, std::ostream* out) {
  *out << usage.keys << " keys, " << usage.bytes << " bytes";
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class EngineUsage : public EngineConformance {};
INSTANTIATE_TEST_SUITE_P(Every, EngineUsage, testing::ValuesIn(every_engine), name_of);

TEST_P(EngineUsage, OfAnEmptyOrUnknownNamespaceIsNothing) {
  EXPECT_EQ(store.usage(), Usage{});
  EXPECT_EQ(Store(*engine, NamespaceId::random()).usage(), Usage{});
}

TEST_P(EngineUsage, CountsKeyValueAndMetadata) {
  store.put("abc", "value", {.metadata = metadata(R"({"a":1})")});
  EXPECT_EQ(store.usage(), (Usage{1, 3 + 5 + 7}));

  store.put("large", some_bytes(3 * limits::value_piece_bytes + 1));
  EXPECT_EQ(store.usage(), (Usage{2, 15 + 5 + 3 * limits::value_piece_bytes + 1}));
}

TEST_P(EngineUsage, CountsAnOverwrittenKeyOnce) {
  store.put("key", some_bytes(5000), {.metadata = metadata("1")});
  store.put("key", "x");

  EXPECT_EQ(store.usage(), (Usage{1, 4}));
}

TEST_P(EngineUsage, ForgetsWhatIsDeleted) {
  store.put("a", "1");
  store.put("b", "2", {.expiration = t0 + 60s});
  store.remove("a");
  store.remove("b");
  store.remove("c");

  EXPECT_EQ(store.usage(), Usage{});
  EXPECT_EQ(store.usage(t0 + 60s), Usage{});
}

TEST_P(EngineUsage, IsOfOneNamespace) {
  const Store other = new_store(*engine, "another");
  store.put("key", "value");
  other.put("k", "v");

  EXPECT_EQ(store.usage(), (Usage{1, 8}));
  EXPECT_EQ(other.usage(), (Usage{1, 2}));
}

TEST_P(EngineUsage, IsExactToTheSecondWithoutASweep) {
  store.put("a", "1", {.expiration = t0 + 60s});
  store.put("b", "22", {.expiration = t0 + 61s});

  EXPECT_EQ(store.usage(t0 + 59s), (Usage{2, 5}));
  EXPECT_EQ(store.usage(t0 + 60s), (Usage{1, 3}));
  EXPECT_EQ(store.usage(t0 + 61s), Usage{});
  EXPECT_EQ(store.usage(t0 + 59s), (Usage{2, 5})) << "the clock may go back";
}

TEST_P(EngineUsage, FollowsAnOverwriteToItsNewExpiration) {
  store.put("key", "1", {.expiration = t0 + 60s});
  store.put("key", "22", {.expiration = t0 + 120s});

  EXPECT_EQ(store.usage(t0 + 60s), (Usage{1, 5}));
  EXPECT_EQ(store.usage(t0 + 120s), Usage{});

  store.put("key", "333");
  EXPECT_EQ(store.usage(t0 + 120s), (Usage{1, 6}));
}

TEST_P(EngineUsage, OfOneApplyFollowsItsOrder) {
  store.put("a", "old");
  std::vector<Mutation> mutations;
  mutations.emplace_back(store.new_put("a", "1", {.expiration = t0 + 60s}));
  mutations.emplace_back(store.new_put("a", "22", {.expiration = t0}));  // expired already
  mutations.emplace_back(store.new_put("b", "3"));
  mutations.emplace_back(Delete{key("b")});
  mutations.emplace_back(Delete{key("c")});
  mutations.emplace_back(store.new_put("c", "4444"));
  store.apply(std::move(mutations)).value();

  EXPECT_EQ(store.usage(), (Usage{1, 5}));
  EXPECT_EQ(store.usage(t0 - 1s), (Usage{2, 8}));
}

TEST_P(EngineUsage, RecountAgrees) {
  store.put("a", some_bytes(5000), {.metadata = metadata("12")});
  store.put("b", "2", {.expiration = t0 + 60s});
  store.put("a", "1");

  EXPECT_EQ(run(engine->recount(store.id(), t0)).value(), (Usage{2, 4}));
  EXPECT_EQ(run(engine->recount(store.id(), t0 + 60s)).value(), (Usage{1, 2}));
  EXPECT_EQ(store.usage(), (Usage{2, 4}));
}

TEST_P(EngineUsage, OfManyKeysInOneApplyAndOverwrittenInAnother) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{20}}) {
    std::vector<Mutation> mutations;
    for (int i = 0; i < 1000; ++i) {
      mutations.emplace_back(store.new_put(std::to_string(1000 + i), std::string(size, 'x')));
    }
    store.apply(std::move(mutations)).value();
    EXPECT_EQ(store.usage(), (Usage{1000, 1000 * (4 + size)}));
  }
}

// Writers that meet on the same keys: what each replaces must be counted as it was when its turn came.
TEST_P(EngineUsage, StaysExactUnderConcurrentWriters) {
  std::vector<std::thread> writers;
  for (std::size_t writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (std::size_t i = 0; i < 60; ++i) {
        const std::string text = std::to_string((i * 7 + writer) % 5);
        if (i % 5 == 4) {
          store.remove(text);
        } else {
          store.put(text, some_bytes(i * 40), {.expiration = t0 + std::chrono::seconds(60 + i % 3)});
        }
      }
    });
  }
  for (auto& each : writers) each.join();

  for (const auto seconds : {0s, 60s, 61s, 62s}) {
    const Usage usage = store.usage(t0 + seconds);
    EXPECT_EQ(usage, run(engine->recount(store.id(), t0 + seconds)).value());
  }
  const std::size_t listed = store.scan().entries.size();
  EXPECT_EQ(store.usage().keys, listed);
}

TEST_P(EngineUsage, EndsWithTheNamespace) {
  store.put("a", "1");
  store.put("b", "2", {.expiration = t0 + 60s});
  run(engine->remove_namespace(store.id())).value();

  EXPECT_EQ(store.usage(), Usage{});
}

class EngineSweep : public EngineConformance {};
INSTANTIATE_TEST_SUITE_P(Every, EngineSweep, testing::ValuesIn(every_engine), name_of);

TEST_P(EngineSweep, RemovesWhatIsDueForGood) {
  store.put("due", some_bytes(5000), {.expiration = t0 + 60s});
  store.put("later", "x", {.expiration = t0 + 61s});
  store.put("never", "x");

  EXPECT_EQ(sweep_all(*engine, t0 + 59s), 0u);
  EXPECT_EQ(sweep_all(*engine, t0 + 60s), 1u);
  EXPECT_EQ(sweep_all(*engine, t0 + 60s), 0u);

  EXPECT_THAT(keys_of(store.scan("", "", 10, t0)), ElementsAre("later", "never"));
  EXPECT_EQ(store.usage(t0), (Usage{2, 12}));
  EXPECT_EQ(store.usage(t0 + 61s), (Usage{1, 6}));
}

TEST_P(EngineSweep, TakesTheEarliestFirstAndNoMoreThanItsBudget) {
  const Store other = new_store(*engine, "another");
  store.put("3", "x", {.expiration = t0 + 3s});
  other.put("1", "x", {.expiration = t0 + 1s});
  store.put("2", "x", {.expiration = t0 + 2s});

  const Swept first = run(engine->sweep(t0 + 10s, 2)).value();

  EXPECT_EQ(first.rows, 2u);
  EXPECT_FALSE(first.is_done);
  EXPECT_THAT(keys_of(store.scan()), ElementsAre("3"));
  EXPECT_THAT(keys_of(other.scan()), IsEmpty());
  const Swept second = run(engine->sweep(t0 + 10s, 2)).value();
  EXPECT_EQ(second.rows, 1u);
  EXPECT_TRUE(second.is_done);
}

TEST_P(EngineSweep, LeavesWhatWasWrittenAnewOrDeleted) {
  store.put("again", "1", {.expiration = t0 + 60s});
  store.put("for ever", "1", {.expiration = t0 + 60s});
  store.put("deleted", "1", {.expiration = t0 + 60s});
  store.put("again", "2", {.expiration = t0 + 120s});
  store.put("for ever", "2");
  store.remove("deleted");

  EXPECT_EQ(sweep_all(*engine, t0 + 60s), 0u);

  EXPECT_THAT(keys_of(store.scan()), ElementsAre("again", "for ever"));
  EXPECT_EQ(sweep_all(*engine, t0 + 120s), 1u);
}

TEST_P(EngineSweep, FindsWhatIsDueBeforeAnEarlierSweep) {
  sweep_all(*engine, t0 + 1000s);
  store.put("a", "x", {.expiration = t0 + 10s});
  store.put("b", "x", {.expiration = t0 + 1000s});

  EXPECT_EQ(sweep_all(*engine, t0 + 10s), 1u);
  EXPECT_EQ(sweep_all(*engine, t0 + 1000s), 1u);
  EXPECT_EQ(store.usage(t0), Usage{});
}

TEST_P(EngineSweep, ManyValuesOfManySecondsInPortions) {
  for (int i = 0; i < 50; ++i) {
    store.put(std::to_string(i), "x", {.expiration = t0 + std::chrono::seconds(i % 7)});
  }

  EXPECT_EQ(sweep_all(*engine, t0 + 6s, 8), 50u);

  EXPECT_THAT(keys_of(store.scan("", "", 100, t0 - 1s)), IsEmpty());
  EXPECT_EQ(store.usage(t0 - 1s), Usage{});
}

TEST_P(EngineSweep, AReaderOfASweptValueReadsItToItsEnd) {
  const std::string bytes = some_bytes(3 * limits::value_piece_bytes);
  store.put("key", bytes, {.expiration = t0 + 60s});
  auto value = store.open("key").value();

  EXPECT_EQ(sweep_all(*engine, t0 + 60s), 1u);

  EXPECT_TRUE(run(read_to_end(std::move(*value))).value() == bytes);
}

}  // namespace
}  // namespace cubby
