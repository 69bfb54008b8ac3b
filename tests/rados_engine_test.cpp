// What only the RADOS engine can promise: that several processes over one store act as one. Two engines stand
// for two processes here: they share nothing but the cluster. Runs in the suite `rados` of ./dev test.
#ifdef CUBBY_WITH_RADOS
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "rados/rados_layout.hpp"
#include "rados/rados_pool.hpp"
#include "tests/support/rados_check.hpp"

namespace cubby {
namespace {

class RadosProcesses : public testing::TestWithParam<EngineKind> {
 protected:
  std::unique_ptr<Engine> open() { return open_rados(directory.path()).value(); }

  // How many rows of counters the indexes of this store have.
  std::size_t counter_rows() {
    const auto connection =
        RadosConnection::open(
            {std::getenv("CUBBY_TEST_RADOS_CONF"), "cubby", {}, directory.path().filename().string()})
            .value();
    librados::IoCtx io = connection->index().blocking();
    std::size_t count = 0;
    for (auto each = io.nobjects_begin(); each != io.nobjects_end(); ++each) {
      if (!each->get_oid().starts_with("ix.")) continue;
      std::map<std::string, ceph::bufferlist> rows;
      bool has_more = false;
      librados::ObjectReadOperation read;
      read.omap_get_vals2("", std::string(rados_layout::counter_kind), 1000, &rows, &has_more, nullptr);
      io.operate(each->get_oid(), &read, nullptr);
      count += rows.size();
    }
    return count;
  }

  FreshDirectory directory;
  const std::unique_ptr<Engine> first = open();
  const std::unique_ptr<Engine> second = open();
  const Store store = new_store(*first);
  const Store same_store{*second, store.id()};
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RadosProcesses);
INSTANTIATE_TEST_SUITE_P(Every, RadosProcesses,
                         testing::ValuesIn(std::getenv("CUBBY_TEST_RADOS_CONF")
                                               ? std::vector<EngineKind>{{"Rados", open_rados, true}}
                                               : std::vector<EngineKind>{}),
                         name_of);

TEST_P(RadosProcesses, SeeEachOthersWritesAtOnce) {
  for (int i = 0; i < 20; ++i) {
    const Version version = store.put("key", std::to_string(i));

    EXPECT_EQ(same_store.get("key")->bytes, std::to_string(i));
    EXPECT_GT(same_store.put("key", "other", {.at = written_at - 1h}), version);
    EXPECT_EQ(store.get("key")->bytes, "other");
  }
}

TEST_P(RadosProcesses, CountExactlyWhileBothWriteTheSameKeys) {
  std::vector<std::thread> threads;
  for (const Store& each : {store, same_store}) {
    for (std::size_t writer = 0; writer < 3; ++writer) {
      threads.emplace_back([each, writer] {
        for (std::size_t i = 0; i < 40; ++i) {
          const std::string text = std::to_string((i * 7 + writer) % 5);
          if (i % 4 == 3) {
            each.remove(text);
          } else {
            each.put(text, some_bytes(i * 40), {.expiration = t0 + 60s});
          }
        }
      });
    }
  }
  for (std::thread& each : threads) each.join();

  const std::size_t store_keys = store.scan().entries.size();
  EXPECT_EQ(store.usage(), run(second->recount(store.id(), t0)).value());
  EXPECT_EQ(store.usage().keys, store_keys);
  EXPECT_EQ(store.usage(t0 + 60s), Usage{});
  EXPECT_EQ(sweep_together({first.get(), second.get()}, t0 + 60s, store_keys), store_keys);
  EXPECT_EQ(store.usage(), Usage{});
}

TEST_P(RadosProcesses, ARevokedTokenIsRefusedEverywhereWhenThatIsAnswered) {
  for (int i = 0; i < 20; ++i) {
    Token token{.id = TokenId::random(),
                .hash = {static_cast<std::uint8_t>(i)},
                .name = "token",
                .right = Right::read,
                .account = {},
                .expiration = {}};
    run(first->put_token(token)).value();
    ASSERT_EQ(run(second->find_token(token.hash)).value(), token);
    const std::uint64_t known = second->access_generation();
    token.revoked = true;

    run(first->put_token(token)).value();

    EXPECT_NE(second->access_generation(), known);
    EXPECT_EQ(run(second->find_token(token.hash)).value(), token);
  }
}

TEST_P(RadosProcesses, ARemovedNamespaceRefusesAWriterThatHasNotHeardOfIt) {
  same_store.put("key", "value");

  run(first->remove_namespace(store.id())).value();

  std::vector<Mutation> mutations;
  mutations.emplace_back(Delete{key("key")});
  EXPECT_EQ(same_store.apply(std::move(mutations)).error().code, Errc::namespace_not_found);
  EXPECT_FALSE(same_store.get("key"));
  EXPECT_EQ(same_store.usage(), Usage{});
}

TEST_P(RadosProcesses, TheCountersOfProcessesThatAreLongGoneAreTakenOver) {
  constexpr int processes = 70;
  for (int i = 0; i < processes; ++i) {
    const auto gone = open();
    Store(*gone, store.id())
        .put(std::to_string(i), "x", {.at = Timestamp(std::chrono::hours(24 * 365 * 50))});
  }

  store.put("last", "x");

  EXPECT_LE(counter_rows(), 64u);
  EXPECT_EQ(store.usage(), run(second->recount(store.id(), t0)).value());
}

}  // namespace
}  // namespace cubby
#endif
