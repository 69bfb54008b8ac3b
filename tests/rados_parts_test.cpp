// How servers of one store share its upkeep: parts under leases, and what is swept and collected under them,
// also where two think that they have the same part. Engines stand for servers here: they share nothing but
// the cluster. Runs in the suite `rados` of ./dev test.
#ifdef CUBBY_WITH_RADOS
#include "rados/rados_parts.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <thread>

#include "rados/rados_layout.hpp"
#include "rados/rados_watch.hpp"
#include "tests/support/rados_check.hpp"

namespace cubby {
namespace {

constexpr std::chrono::minutes wait_max{1};

// Once at the start, and then only when it is told to.
constexpr RadosUpkeep by_hand{.lease_lasts = 1h, .renew_every = 1h};

// As much of a server as shares in the upkeep.
class Server {
 public:
  explicit Server(const std::filesystem::path& directory, const RadosUpkeep& upkeep = by_hand)
      : connection_(RadosConnection::open(rados_options(directory)).value()) {
    connection_->index().blocking().create(rados_layout::catalog_object, false);
    watch_.emplace(connection_->index(), rados_layout::catalog_object, [] {});
    watch_->keep();
    parts_.emplace(connection_->index(), upkeep, [this] { return now_.load(); });
    parts_->wait_until_begun();
  }

  RadosParts& parts() { return *parts_; }
  std::size_t count() const { return parts_->held().count(); }
  void renew() { parts_->renew().value(); }
  void advance(RadosParts::Clock::duration by) { now_ = now_.load() + by; }
  void stop_watching() { watch_.reset(); }

 private:
  const std::unique_ptr<RadosConnection> connection_;
  std::atomic<RadosParts::Clock::time_point> now_{RadosParts::Clock::now()};
  std::optional<RadosWatch> watch_;
  std::optional<RadosParts> parts_;
};

class RadosUpkeepTest : public testing::TestWithParam<EngineKind> {
 protected:
  std::unique_ptr<Engine> open(const RadosUpkeep& upkeep, RadosSharding sharding = tiny_shards()) {
    RadosOptions options = rados_options(directory.path(), std::move(sharding));
    options.upkeep = upkeep;
    return open_rados_engine(options).value();
  }
  static void put_due(const Store& store, std::size_t count) {
    std::vector<Mutation> mutations;
    for (std::size_t i = 0; i < count; ++i)
      mutations.emplace_back(
          store.new_put("key" + std::to_string(100 + i), "value", {.expiration = t0 + 60s}));
    store.apply(std::move(mutations)).value();
  }
  std::unique_ptr<RadosConnection> connect() {
    return RadosConnection::open(rados_options(directory.path())).value();
  }
  static std::list<librados::locker_t> lockers(librados::IoCtx& io, std::size_t part) {
    int exclusive = 0;
    std::string tag;
    std::list<librados::locker_t> all;
    io.list_lockers("leases", "part." + std::to_string(part), &exclusive, &tag, &all);
    EXPECT_TRUE(all.empty() || exclusive == 1);
    return all;
  }

  FreshDirectory directory;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RadosUpkeepTest);
INSTANTIATE_TEST_SUITE_P(Every, RadosUpkeepTest,
                         testing::ValuesIn(std::getenv("CUBBY_TEST_RADOS_CONF")
                                               ? std::vector<EngineKind>{{"Rados", open_rados, true}}
                                               : std::vector<EngineKind>{}),
                         name_of);

// ---- Parts

TEST_P(RadosUpkeepTest, OneServerHasAllPartsFromItsFirstRoundOn) {
  Server server(directory.path());

  EXPECT_TRUE(server.parts().held().all());
  EXPECT_TRUE(server.parts().has_part_of(ShardId{0x1234567890abcdef}));
}

TEST_P(RadosUpkeepTest, TheLeasesAreLocksThatLibradosKnows) {
  const auto connection = connect();
  librados::IoCtx io = connection->index().blocking();
  {
    const Server server(directory.path());
    for (std::size_t part = 0; part < RadosParts::count; ++part) {
      EXPECT_EQ(lockers(io, part).size(), 1u);
      const std::string name = "part." + std::to_string(part);
      EXPECT_EQ(io.lock_exclusive("leases", name, "another", "", nullptr, 0), -EBUSY);
    }
  }
  for (std::size_t part = 0; part < RadosParts::count; ++part) EXPECT_TRUE(lockers(io, part).empty());
}

TEST_P(RadosUpkeepTest, ANewServerGetsItsShareWhenTheOthersHaveGivenItBack) {
  Server first(directory.path());
  Server second(directory.path());
  EXPECT_EQ(second.count(), 0u);

  first.renew();
  EXPECT_EQ(first.count(), 8u);
  EXPECT_EQ(second.count(), 0u);
  second.renew();
  EXPECT_EQ(second.parts().held(), ~first.parts().held());

  Server third(directory.path());
  for (Server* const each : {&first, &second, &third}) each->renew();
  EXPECT_EQ(first.count(), 6u);
  EXPECT_EQ(second.count(), 6u);
  EXPECT_EQ(third.parts().held(), ~(first.parts().held() | second.parts().held()));
}

TEST_P(RadosUpkeepTest, ManyThatRenewAtOnceNeverHaveTheSamePart) {
  std::vector<std::unique_ptr<Server>> servers;
  for (int i = 0; i < 4; ++i) servers.push_back(std::make_unique<Server>(directory.path()));

  for (int round = 0; round < 3; ++round) {
    std::vector<std::thread> threads;
    for (const auto& each : servers) threads.emplace_back([&each] { each->renew(); });
    for (std::thread& each : threads) each.join();
    std::size_t sum = 0;
    RadosParts::Set all;
    for (const auto& each : servers) {
      sum += each->count();
      all |= each->parts().held();
    }
    EXPECT_EQ(sum, all.count());
  }

  for (const auto& each : servers) EXPECT_EQ(each->count(), 4u);
}

TEST_P(RadosUpkeepTest, ThePartsOfAServerThatEndsGoToTheOthers) {
  Server first(directory.path());
  {
    Server second(directory.path());
    first.renew();
    second.renew();
    EXPECT_EQ(second.count(), 8u);
  }

  first.renew();

  EXPECT_TRUE(first.parts().held().all());
}

TEST_P(RadosUpkeepTest, ThePartsOfAServerThatStallsGoToTheOthersAndItLearnsThat) {
  Server stalled(directory.path(), {.lease_lasts = 200ms, .renew_every = 1h});
  EXPECT_TRUE(stalled.parts().held().all());
  stalled.stop_watching();
  Server other(directory.path());

  const auto until = std::chrono::steady_clock::now() + wait_max;
  while (!other.parts().held().all() && std::chrono::steady_clock::now() < until) other.renew();

  EXPECT_TRUE(other.parts().held().all());
  EXPECT_TRUE(stalled.parts().held().all()) << "its clock has stood still";
  stalled.renew();
  EXPECT_TRUE(stalled.parts().held().none());
  EXPECT_TRUE(other.parts().held().all());
}

TEST_P(RadosUpkeepTest, ALeaseThatIsNotRenewedInTimeIsNotBelieved) {
  Server server(directory.path(), {.lease_lasts = 15s, .renew_every = 1h});

  server.advance(11s);
  EXPECT_TRUE(server.parts().held().all());
  server.renew();
  server.advance(11s);
  EXPECT_TRUE(server.parts().held().all());
  server.advance(2s);
  EXPECT_TRUE(server.parts().held().none());
  EXPECT_FALSE(server.parts().has(0));
  server.renew();
  EXPECT_TRUE(server.parts().held().all());
}

// ---- Sweeping

TEST_P(RadosUpkeepTest, ServersShareTheSweepingAndSweepEachValueOnce) {
  constexpr RadosUpkeep often{.lease_lasts = 15s, .renew_every = 10ms};
  constexpr std::uint32_t keys = 100;
  // So many shards that they are hardly all of one server. They stay as they are: of one that another server
  // has made, a server hears within a minute.
  RadosSharding splitting = tiny_shards();
  splitting.merge_keys = 0;
  RadosSharding calm = splitting;
  calm.split_keys = 1000;
  std::optional<NamespaceId> id;
  {
    const auto engine = open(often, splitting);
    const Store store = new_store(*engine);
    id = store.id();
    put_due(store, keys);
    StoredIndex(directory.path(), *id).settled_shards(keys / 4);
    EXPECT_EQ(sweep_all(*engine, t0 + 60s), keys);
  }
  const auto first = open(often, calm);
  const auto second = open(often, calm);
  const Store store(*first, *id);

  std::size_t by_first = 0;
  std::size_t by_second = 0;
  const auto until = std::chrono::steady_clock::now() + wait_max;
  while ((by_first == 0 || by_second == 0) && std::chrono::steady_clock::now() < until) {
    put_due(store, keys);
    std::size_t swept = 0;
    while (swept < keys && std::chrono::steady_clock::now() < until) {
      const std::size_t one = sweep_all(*first, t0 + 60s);
      const std::size_t other = sweep_all(*second, t0 + 60s);
      by_first += one;
      by_second += other;
      swept += one + other;
    }
    EXPECT_EQ(swept, keys);
    EXPECT_EQ(store.usage(), Usage{});
  }
  EXPECT_GT(by_first, 0u);
  EXPECT_GT(by_second, 0u);
}

TEST_P(RadosUpkeepTest, TwoServersThatThinkTheyHaveTheSamePartsSweepEachValueOnce) {
  constexpr std::uint32_t keys = 60;
  const auto first = open(by_hand);
  const Store store = new_store(*first);
  EXPECT_EQ(sweep_all(*first, t0), 0u);
  const auto connection = connect();
  librados::IoCtx io = connection->index().blocking();
  for (std::size_t part = 0; part < RadosParts::count; ++part) {
    for (const librados::locker_t& each : lockers(io, part))
      EXPECT_EQ(io.break_lock("leases", "part." + std::to_string(part), each.client, each.cookie), 0);
  }
  const auto second = open(by_hand);
  EXPECT_EQ(sweep_all(*second, t0), 0u);
  std::size_t shared = 0;
  for (std::size_t part = 0; part < RadosParts::count; ++part) shared += lockers(io, part).size();
  EXPECT_EQ(shared, 8u) << "the first one believes that it has these too";

  for (int round = 0; round < 5; ++round) {
    put_due(store, keys);
    std::uint32_t by_first = 0;
    std::uint32_t by_second = 0;
    std::thread one([&] { by_first = sweep_all(*first, t0 + 60s, 7); });
    std::thread other([&] { by_second = sweep_all(*second, t0 + 60s, 7); });
    one.join();
    other.join();
    EXPECT_EQ(by_first + by_second, keys);
    EXPECT_EQ(store.usage(), Usage{});
  }
  StoredIndex(directory.path(), store.id()).expect_sound();
}

TEST_P(RadosUpkeepTest, WhatHasSplitAndMergedSinceItsMapWasReadIsSwept) {
  const auto engine = open(by_hand);
  const Store store = new_store(*engine);
  StoredIndex index(directory.path(), store.id());
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(sweep_all(*engine, t0), 0u);
    put_due(store, 30);
    index.settled_shards(5);
    EXPECT_EQ(sweep_all(*engine, t0 + 60s), 30u);
  }
  EXPECT_EQ(store.usage(), Usage{});
}

TEST_P(RadosUpkeepTest, WhatIsInAShardThatIsNotOnTheMapYetIsSwept) {
  RadosSharding sharding = tiny_shards();
  sharding.before_step = [](RadosStep step) { return step != RadosStep::map; };
  const auto engine = open(by_hand, sharding);
  const Store store = new_store(*engine);
  put_due(store, 8);
  // Half of them has moved, and the split waits for the map.
  StoredIndex index(directory.path(), store.id());
  const auto until = std::chrono::steady_clock::now() + wait_max;
  while (index.shards().front().header.state != ShardState::trimming)
    ASSERT_LT(std::chrono::steady_clock::now(), until);

  EXPECT_EQ(sweep_all(*engine, t0 + 60s), 8u);
}

TEST_P(RadosUpkeepTest, ADamagedShardDoesNotKeepTheOthersFromBeingSwept) {
  const auto engine = open(by_hand);
  const Store damaged = new_store(*engine, "damaged");
  put_due(damaged, 3);
  const ShardId shard = StoredIndex(directory.path(), damaged.id()).settled_shards().front().id;
  const Store store = new_store(*engine, "sound");
  put_due(store, 3);
  const auto connection = connect();
  librados::IoCtx io = connection->index().blocking();
  ceph::bufferlist wrong = to_buffer("wrong");
  ASSERT_EQ(io.setxattr(rados_layout::shard_object(shard), rados_layout::header_attribute, wrong), 0);

  const auto swept = run(engine->sweep(t0 + 60s, 1000));

  ASSERT_FALSE(swept);
  EXPECT_EQ(swept.error().code, Errc::storage_corrupt);
  EXPECT_EQ(store.usage(), Usage{});
}

TEST_P(RadosUpkeepTest, WhoCanTakeNoPartSaysSoInsteadOfSweepingNothing) {
  // What holds the leases is none of ours.
  const auto connection = connect();
  ceph::bufferlist wrong = to_buffer("wrong");
  ASSERT_EQ(connection->index().blocking().setxattr("leases", "lock.part.0", wrong), 0);

  const auto engine = open(by_hand);

  EXPECT_FALSE(run(engine->sweep(t0, 1000)));
}

// ---- Collecting

TEST_P(RadosUpkeepTest, ANamespaceThatWasRemovedAnHourAgoIsErased) {
  using namespace rados_layout;
  const auto connection = connect();
  librados::IoCtx io = connection->index().blocking();
  std::string row;
  {
    const auto engine = open(by_hand);
    const Store store = new_store(*engine);
    for (std::size_t i = 0; i < 20; ++i) store.put(std::to_string(i), some_bytes(2000));
    run(engine->remove_namespace(store.id())).value();
    std::map<std::string, ceph::bufferlist> rows;
    ASSERT_EQ(io.omap_get_vals(catalog_object, "", std::string(1, removal_kind), 10, &rows), 0);
    ASSERT_EQ(rows.size(), 1u);
    row = rows.begin()->first;
    RemovalEntry entry = decode_removal_entry(rows.begin()->second.to_str());
    entry.due -= 1h;
    ASSERT_EQ(io.omap_set(catalog_object, {{row, to_buffer(encode_removal_entry(entry))}}), 0);
  }

  const auto engine = open(by_hand);

  const auto until = std::chrono::steady_clock::now() + wait_max;
  for (bool is_there = true; is_there && std::chrono::steady_clock::now() < until;) {
    std::map<std::string, ceph::bufferlist> rows;
    io.omap_get_vals(catalog_object, "", std::string(1, removal_kind), 10, &rows);
    is_there = !rows.empty();
  }
  for (auto each = io.nobjects_begin(); each != io.nobjects_end(); ++each) {
    const std::string object = each->get_oid();
    const bool is_of_index =
        object.starts_with("map.") || object.starts_with("ix.") || object.starts_with("b.");
    EXPECT_FALSE(is_of_index) << object;
  }
}

}  // namespace
}  // namespace cubby
#endif
