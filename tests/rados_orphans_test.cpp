// What a process that dies in the middle of an upload leaves behind, and who removes it. Runs in the suite
// `rados` of
// ./dev test.
#ifdef CUBBY_WITH_RADOS
#include <gtest/gtest.h>

#include <cstdlib>

#include "rados/rados_orphans.hpp"
#include "rados/rados_upload.hpp"
#include "tests/support/engine_fixture.hpp"

namespace cubby {
namespace {

using namespace rados_layout;

// An engine, and the parts of another process beside it, whose clock is ours.
class RadosOrphansTest : public testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override { catalog.open().value(); }

  // What a process has begun when it dies: all of a value, but nobody names it.
  void die_in_the_middle(std::size_t bytes) { die_in_the_middle(bytes, store); }
  void die_in_the_middle(std::size_t bytes, const Store& of) {
    RadosBodyIds ids(index, clock);
    begin(ids, clock, bytes, of);
  }

  // Destroyed without being named, it leaves its pieces where they are, as a process does that dies.
  std::unique_ptr<RadosUpload> begin(RadosBodyIds& ids, const Clock& begun, std::size_t bytes) {
    return begin(ids, begun, bytes, store);
  }
  std::unique_ptr<RadosUpload> begin(RadosBodyIds& ids, const Clock& begun, std::size_t bytes,
                                     const Store& of) {
    auto upload = std::make_unique<RadosUpload>(
        RadosUpload::Target{data, catalog, ids, begun, [](RadosBody) {}}, of.id());
    run(upload->append(some_bytes(bytes))).value();
    run(upload->finish()).value();
    return upload;
  }

  void collect_after(std::chrono::minutes passed) {
    clock.advance(passed);
    run(orphans.collect([] { return true; })).value();
  }

  std::set<std::string> objects(const std::string& prefix) {
    librados::IoCtx io = connection->index().blocking();
    std::set<std::string> names;
    for (auto each = io.nobjects_begin(); each != io.nobjects_end(); ++each) {
      if (each->get_oid().starts_with(prefix)) names.insert(each->get_oid());
    }
    return names;
  }

  // As if a process had died when it had written these, and before it could say so.
  void register_as_begun(const std::set<std::string>& pieces) {
    const WriterId writer{7};
    std::map<std::string, ceph::bufferlist> rows;
    for (const std::string& each : pieces) {
      const BodyId body{std::stoull(each.substr(2, 16), nullptr, 16)};
      rows.emplace(body_row(body), ceph::bufferlist());
    }
    librados::IoCtx io = index.blocking();
    librados::ObjectWriteOperation make;
    make.setxattr(alive_attribute, to_buffer(time_bytes(clock.now())));
    make.omap_set(rows);
    ASSERT_EQ(io.operate(registry_object(writer), &make), 0);
    ASSERT_EQ(io.omap_set(registries_object, {{writer_row(writer), {}}}), 0);
  }

  RadosPlace place() { return {store.id(), catalog.newest_blocking().value()->indexes.at(store.id())}; }

  FreshDirectory directory;
  std::unique_ptr<Engine> engine = open_rados_in_tiny_shards(directory.path()).value();
  Store store = new_store(*engine);

  ManualClock clock{SystemClock().now()};
  const std::unique_ptr<RadosConnection> connection =
      RadosConnection::open(rados_options(directory.path())).value();
  RadosPool& index = connection->index();
  RadosPool& data = connection->data();
  RadosCatalog catalog{index};
  RadosRouter router{index};
  RadosBalancer balancer{index, router, RadosSharding{}, clock};
  RadosOrphans orphans{index, data, catalog, router, balancer, clock};
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RadosOrphansTest);
INSTANTIATE_TEST_SUITE_P(Every, RadosOrphansTest,
                         testing::ValuesIn(std::getenv("CUBBY_TEST_RADOS_CONF")
                                               ? std::vector<EngineKind>{{"Rados", open_rados, true}}
                                               : std::vector<EngineKind>{}),
                         name_of);

TEST_P(RadosOrphansTest, PiecesThatADeadProcessHasLeftGoADayAndTwoHoursLater) {
  store.put("key", some_bytes(5000));
  const auto living = objects("b.");
  die_in_the_middle(5 * limits::MiB);
  ASSERT_EQ(objects("b.").size(), 3u);

  collect_after(23h);
  EXPECT_EQ(objects("b.").size(), 3u) << "it may only be cut off";
  collect_after(61min);
  EXPECT_EQ(objects("b.").size(), 3u) << "somebody may be reading it";
  collect_after(119min);
  EXPECT_EQ(objects("b.").size(), 3u);
  collect_after(2min);

  EXPECT_EQ(objects("b."), living);
  EXPECT_EQ(store.get("key")->bytes, some_bytes(5000));
}

TEST_P(RadosOrphansTest, WhatAHeadNamesInAnyShardStays) {
  for (int i = 0; i < 40; ++i) store.put(std::to_string(i), some_bytes(2000, static_cast<std::uint64_t>(i)));
  register_as_begun(objects("b."));
  const std::size_t living = objects("b.").size();
  die_in_the_middle(2000);
  ASSERT_GT(objects("ix.").size(), 3u);

  collect_after(25h);
  collect_after(3h);

  EXPECT_EQ(objects("b.").size(), living);
  EXPECT_TRUE(objects("bodies.").empty());
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(store.get(std::to_string(i))->bytes, some_bytes(2000, static_cast<std::uint64_t>(i)));
}

TEST_P(RadosOrphansTest, AProcessThatSaysNowAndThenThatItLivesIsLeftAlone) {
  RadosBodyIds ids(index, clock);
  const auto upload = begin(ids, clock, 5000);
  for (int i = 0; i < 3; ++i) {
    clock.advance(20h);
    ids.keep_alive();
    collect_after(20h);
  }

  EXPECT_EQ(objects("b.").size(), 1u);
  upload->settle();
}

// Or its value could be named when its pieces are about to go.
TEST_P(RadosOrphansTest, NoIdIsTakenFromARegistryThatMayPassForThatOfADeadProcess) {
  RadosBodyIds ids(index, clock);
  ids.settle(run(ids.take()).value());
  clock.advance(25h);
  const auto upload = begin(ids, clock, 5000);

  collect_after(0h);
  collect_after(3h);

  EXPECT_EQ(objects("b.").size(), 1u);
  upload->settle();
}

TEST_P(RadosOrphansTest, ADamagedHeadKeepsTheOrphansOfItsOwnNamespaceOnly) {
  const Store other = new_store(*engine, "another namespace");
  store.put("key", "value");
  const ShardId damaged = run(router.read(place(), KeyPosition{"key"}, nullptr)).value().id;
  ASSERT_EQ(index.blocking().omap_set(shard_object(damaged), {{head_row("key"), to_buffer("wrong")}}), 0);
  RadosBodyIds ids(index, clock);
  begin(ids, clock, 5000);
  begin(ids, clock, 5000, other);

  collect_after(25h);
  collect_after(3h);

  EXPECT_EQ(objects("b.").size(), 1u);
  EXPECT_EQ(objects("bodies.").size(), 1u);
}

TEST_P(RadosOrphansTest, AWriteThatWasPreparedBeforeTheCollectionDoesNotLand) {
  store.put("key", "value");
  const FoundShard before = run(router.read(place(), KeyPosition{"key"}, nullptr)).value();
  die_in_the_middle(5000);

  collect_after(25h);

  librados::ObjectWriteOperation late;
  RadosResharder::guard(late, before);
  EXPECT_FALSE(run(balancer.resharder().replace(before, before.header, late)).value());
}

TEST_P(RadosOrphansTest, AValueThatHasTakenMoreThanTwelveHoursIsRefused) {
  RadosBodyIds ids(index, clock);
  for (const auto& [age, is_taken] : {std::pair{11h, true}, std::pair{13h, false}}) {
    const ManualClock begun(SystemClock().now() - age);
    std::vector<Mutation> mutations;
    mutations.emplace_back(Put{key("key"), begin(ids, begun, 5000), {}, {}});

    const auto applied = store.apply(std::move(mutations));

    ASSERT_EQ(applied.has_value(), is_taken);
    if (!is_taken) {
      EXPECT_EQ(applied.error().code, Errc::storage_unavailable);
    }
    EXPECT_EQ(store.get("key").has_value(), is_taken);
    store.remove("key");
  }
}

TEST_P(RadosOrphansTest, WhatWasBegunInANamespaceThatIsNoMoreGoes) {
  die_in_the_middle(5000);
  run(engine->remove_namespace(store.id())).value();
  collect_after(25h);
  collect_after(3h);
  EXPECT_EQ(objects("b.").size(), 1u) << "the removal has not ended";
  const auto forget = [](const RadosCatalog::Copy& copy) -> Result<RadosCatalog::Rows> {
    return RadosCatalog::Rows{{}, {removal_row(copy.removals.at(0).index)}};
  };
  catalog.apply_blocking(forget).value();

  collect_after(0h);
  collect_after(3h);

  EXPECT_TRUE(objects("b.").empty());
  EXPECT_TRUE(objects("bodies.").empty());
}

TEST_P(RadosOrphansTest, AProcessThatEndsInOrderLeavesNoRegistry) {
  for (int i = 0; i < 10; ++i) store.put(std::to_string(i), some_bytes(2000));
  store.upload(some_bytes(5000)).reset();
  EXPECT_EQ(objects("bodies.").size(), 1u);

  engine.reset();

  EXPECT_TRUE(objects("bodies.").empty());
}

TEST_P(RadosOrphansTest, AProcessThatWasTakenForDeadGoesOnUnderANewName) {
  RadosBodyIds ids(index, clock);
  std::set<BodyId> taken{run(ids.take()).value()};
  const auto first = objects("bodies.");
  ASSERT_EQ(index.blocking().remove(*first.begin()), 0);

  for (int i = 0; i < 1000; ++i) taken.insert(run(ids.take()).value());

  EXPECT_EQ(taken.size(), 1001u);
  EXPECT_EQ(objects("bodies.").size(), 1u);
  EXPECT_NE(objects("bodies."), first);
  for (const BodyId each : taken) ids.settle(each);
}

}  // namespace
}  // namespace cubby
#endif
