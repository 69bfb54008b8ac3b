// Splits and merges of the RADOS engine, by several processes at once: one that stops at any step, or wakes
// up late, loses nothing and brings nothing back. Engines stand for processes here: they share nothing but
// the cluster. Runs in the suite `rados` of ./dev test.
#ifdef CUBBY_WITH_RADOS
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <iostream>
#include <random>
#include <thread>

#include "tests/support/rados_check.hpp"

namespace cubby {
namespace {

using Values = std::map<std::string, std::string>;

constexpr std::chrono::minutes wait_max{1};

std::string numbered(std::size_t number) {
  return "key" + std::to_string(100 + number);
}

// All that the engine lists, with what it answers for each key.
Values values_of(const Store& store) {
  Values all;
  std::string after;
  for (;;) {
    const ScanSlice slice = store.scan("", after, 7);
    for (const std::string& each : keys_of(slice)) all[each] = store.get(each)->bytes;
    if (!slice.resume_after) return all;
    after = *slice.resume_after;
  }
}

Usage usage_of(const Values& values) {
  Usage usage{values.size(), 0};
  for (const auto& [name, value] : values) usage.bytes += name.size() + value.size();
  return usage;
}

// An engine that is stopped at its first such step: it says that it is there, and waits to be told what then.
class Stopped {
 public:
  Stopped(const std::filesystem::path& directory, RadosSharding sharding, RadosStep step) {
    sharding.before_step = [this, step](RadosStep next) {
      if (next != step || has_stopped_.exchange(true)) return goes_on_after_.load();
      is_there_.set_value();
      return what_then_.get_future().get();
    };
    engine_ = open_rados_engine(rados_options(directory, sharding)).value();
  }

  Engine& engine() { return *engine_; }
  // False: it did not come there.
  bool await() { return is_there_.get_future().wait_for(wait_max) == std::future_status::ready; }

  // Goes on, if only with this step, or never.
  void end(bool goes_on) {
    goes_on_after_ = goes_on;
    what_then_.set_value(goes_on);
    engine_.reset();
  }

 private:
  std::atomic<bool> has_stopped_ = false;
  std::atomic<bool> goes_on_after_ = true;
  std::promise<void> is_there_;
  std::promise<bool> what_then_;
  std::unique_ptr<Engine> engine_;
};

class RadosShards : public testing::TestWithParam<EngineKind> {
 protected:
  static RadosSharding splitting() {
    RadosSharding sharding = tiny_shards();
    sharding.split_keys = 8;
    sharding.merge_keys = 0;
    return sharding;
  }
  static RadosSharding merging() {
    RadosSharding sharding = tiny_shards();
    sharding.split_keys = 1000;
    sharding.merge_keys = 8;
    return sharding;
  }
  static RadosSharding calm() {
    RadosSharding sharding = tiny_shards();
    sharding.split_keys = 1000;
    sharding.merge_keys = 0;
    return sharding;
  }
  std::unique_ptr<Engine> open(const RadosSharding& sharding) {
    return open_rados_engine(rados_options(directory.path(), sharding)).value();
  }

  void put(const Store& store, std::size_t first, std::size_t count, const std::string& value) {
    for (std::size_t i = first; i < first + count; ++i) {
      // Some with an expiry, for its index must follow.
      PutOptions options;
      if (i % 3 == 0) options.expiration = t0 + std::chrono::seconds(1000 + i);
      store.put(numbered(i), value, options);
      expected[numbered(i)] = value;
    }
  }
  void remove(const Store& store, std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
      store.remove(numbered(i));
      expected.erase(numbered(i));
    }
  }

  // Lets another process finish what was left undone: its collector goes over all shards.
  void expect_all_is_well(const std::filesystem::path& path, NamespaceId id) {
    const auto engine = open_rados_engine(rados_options(path, calm())).value();
    StoredIndex index(path, id);
    index.expect_sound();
    const Store store(*engine, id);
    EXPECT_EQ(values_of(store), expected);
    EXPECT_EQ(store.usage().keys, expected.size());
    EXPECT_EQ(store.usage(), run(engine->recount(id, t0)).value());
  }

  FreshDirectory directory;
  Values expected;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RadosShards);
INSTANTIATE_TEST_SUITE_P(Every, RadosShards,
                         testing::ValuesIn(std::getenv("CUBBY_TEST_RADOS_CONF")
                                               ? std::vector<EngineKind>{{"Rados", open_rados, true}}
                                               : std::vector<EngineKind>{}),
                         name_of);

constexpr RadosStep steps_of_a_split[] = {RadosStep::create,   RadosStep::freeze,      RadosStep::copy,
                                          RadosStep::activate, RadosStep::switch_over, RadosStep::map,
                                          RadosStep::trim,     RadosStep::serve};
constexpr RadosStep steps_of_a_merge[] = {RadosStep::freeze_both, RadosStep::take_in, RadosStep::take_over,
                                          RadosStep::map_merged,  RadosStep::remove,  RadosStep::serve};

// Another process goes on, with what the stopped one has begun and with a history of its own: splits, merges
// back, splits again. Then the stopped one dies, or takes the step that it was about to take.
TEST_P(RadosShards, ASplitMayStopAnywhereAndWakeUpLate) {
  for (const RadosStep step : steps_of_a_split) {
    for (const bool wakes_up : {false, true}) {
      SCOPED_TRACE("step " + std::to_string(static_cast<int>(step)) + (wakes_up ? ", late" : ", dies"));
      const FreshDirectory fresh;
      auto other = open_rados_engine(rados_options(fresh.path(), splitting())).value();
      const Store store = new_store(*other);
      expected.clear();
      put(store, 0, 8, "old");
      Stopped stopped(fresh.path(), splitting(), step);
      put(Store(stopped.engine(), store.id()), 8, 1, "old");
      ASSERT_TRUE(stopped.await());

      EXPECT_EQ(values_of(store), expected);
      EXPECT_EQ(store.usage(), usage_of(expected));
      put(store, 0, 9, "new");
      EXPECT_EQ(values_of(store), expected);
      EXPECT_EQ(store.usage(), usage_of(expected));
      {
        const auto merger = open_rados_engine(rados_options(fresh.path(), merging())).value();
        const Store same(*merger, store.id());
        remove(same, 0, 7);
        EXPECT_EQ(values_of(same), expected);
      }
      put(store, 0, 14, "again");
      remove(store, 3, 3);
      stopped.end(wakes_up);

      put(store, 6, 2, "last");
      other.reset();
      expect_all_is_well(fresh.path(), store.id());
      if (HasFailure()) return;
    }
  }
}

TEST_P(RadosShards, AMergeMayStopAnywhereAndWakeUpLate) {
  for (const RadosStep step : steps_of_a_merge) {
    for (const bool wakes_up : {false, true}) {
      SCOPED_TRACE("step " + std::to_string(static_cast<int>(step)) + (wakes_up ? ", late" : ", dies"));
      const FreshDirectory fresh;
      auto other = open_rados_engine(rados_options(fresh.path(), splitting())).value();
      const Store store = new_store(*other);
      StoredIndex index(fresh.path(), store.id());
      expected.clear();
      put(store, 0, 12, "old");
      index.settled_shards(2);
      Stopped stopped(fresh.path(), merging(), step);
      remove(Store(stopped.engine(), store.id()), 0, 5);
      ASSERT_TRUE(stopped.await());

      EXPECT_EQ(values_of(store), expected);
      EXPECT_EQ(store.usage(), usage_of(expected));
      put(store, 4, 8, "new");
      remove(store, 11, 1);
      EXPECT_EQ(values_of(store), expected);
      EXPECT_EQ(store.usage(), usage_of(expected));
      put(store, 0, 14, "again");
      remove(store, 3, 3);
      stopped.end(wakes_up);

      put(store, 6, 2, "last");
      other.reset();
      expect_all_is_well(fresh.path(), store.id());
      if (HasFailure()) return;
    }
  }
}

TEST_P(RadosShards, ANamespaceOfManyShardsIsRemovedWhole) {
  const auto engine = open(tiny_shards());
  const Store store = new_store(*engine);
  put(store, 0, 40, "value");
  StoredIndex index(directory.path(), store.id());
  index.settled_shards(5);
  const auto other = open(tiny_shards());
  const Store same(*other, store.id());
  EXPECT_EQ(values_of(same), expected);

  run(engine->remove_namespace(store.id())).value();

  EXPECT_TRUE(same.scan().entries.empty());
  EXPECT_EQ(same.usage(), Usage{});
  std::vector<Mutation> mutations;
  mutations.emplace_back(Delete{key(numbered(30))});
  EXPECT_EQ(same.apply(std::move(mutations)).error().code, Errc::namespace_not_found);
  for (const StoredShard& each : index.shards()) EXPECT_EQ(each.header.state, ShardState::removed);
}

TEST_P(RadosShards, WhatIsOverwrittenInManyShardsIsSwept) {
  const auto engine = open(tiny_shards());
  const Store store = new_store(*engine);
  for (std::size_t i = 0; i < 30; ++i)
    store.put(numbered(i), "value", {.expiration = t0 + std::chrono::seconds(i)});

  EXPECT_EQ(store.usage(t0 + 9s).keys, 20u);
  EXPECT_EQ(run(engine->sweep(t0 + 9s, 4)).value().rows, 4u);
  EXPECT_EQ(sweep_all(*engine, t0 + 9s), 6u);
  EXPECT_EQ(sweep_all(*engine, t0 + 60s), 20u);

  StoredIndex index(directory.path(), store.id());
  index.settled_shards();
  EXPECT_EQ(store.usage(), Usage{});
  index.expect_sound();
}

// ---- All of it at once

// One writer's keys, which nobody else writes: it knows what each of them is.
class Writer {
 public:
  Writer(std::vector<Store> stores, std::size_t number, std::uint64_t seed)
      : stores_(std::move(stores)), prefix_(std::to_string(number)), random_(seed * 100 + number) {}

  void take_step() {
    const Store& store = stores_[random_() % stores_.size()];
    const Store& other = stores_[random_() % stores_.size()];
    const std::size_t dice = random_() % 20;
    if (dice == 0) return list(other);
    // Waves: the writer's keys grow and shrink, so that shards split and merge.
    if (random_() % 40 == 0) removes_in_ten_ = random_() % 10;
    if (dice < 3) return write_many(store);
    const std::string name = any_key();
    write(store, name);
    compare(other, name);
  }

  void list(const Store& store) {
    Values found;
    std::string after;
    for (;;) {
      const ScanSlice slice = store.scan("", after, 11);
      for (const Entry& each : slice.entries) {
        const std::string& text = each.key.text();
        EXPECT_GT(text, after);
        if (text.ends_with("." + prefix_)) found[text];
        after = text;
      }
      if (!slice.resume_after) break;
      after = *slice.resume_after;
    }
    Values expected;
    for (const auto& [name, value] : values_) expected[name];
    EXPECT_EQ(found, expected);
  }

  void compare_all(const Store& store) {
    list(store);
    for (std::size_t i = 0; i < keys; ++i) compare(store, key_number(i));
  }

  const Values& values() const { return values_; }

 private:
  static constexpr std::size_t keys = 40;

  // Keys of all writers are mixed, so that every shard is everybody's.
  std::string key_number(std::size_t number) const { return std::to_string(1000 + number) + "." + prefix_; }
  std::string any_key() { return key_number(random_() % keys); }

  struct Intent {
    std::string name;
    std::optional<std::string> value;  // nothing: it is removed
    std::optional<Instant> expiration;
  };

  Intent any_intent(const std::string& name) {
    Intent intent{name, {}, {}};
    values_.erase(name);
    if (random_() % 10 < removes_in_ten_) return intent;
    if (random_() % 3 == 0) intent.expiration = t0 + std::chrono::seconds(1000 + random_() % 3);
    intent.value = values_[name] = std::to_string(++last_);
    return intent;
  }

  // Once more, if the engine has left undone what the write had to wait for.
  void apply(const Store& store, const std::vector<Intent>& intents) {
    for (;;) {
      std::vector<Mutation> mutations;
      for (const Intent& each : intents) {
        if (each.value)
          mutations.emplace_back(store.new_put(each.name, *each.value, {.expiration = each.expiration}));
        else
          mutations.emplace_back(Delete{key(each.name)});
      }
      const auto applied = store.apply(std::move(mutations));
      if (applied) return;
      ASSERT_TRUE(applied.error().argument.starts_with("a split or a merge was left undone"))
          << applied.error().argument;
    }
  }

  void write(const Store& store, const std::string& name) { apply(store, {any_intent(name)}); }

  void write_many(const Store& store) {
    std::vector<Intent> intents;
    for (std::size_t count = random_() % 20; count > 0; --count) intents.push_back(any_intent(any_key()));
    apply(store, intents);
  }

  void compare(const Store& store, const std::string& name) {
    const auto found = store.get(name);
    const auto expected = values_.find(name);
    ASSERT_EQ(found.has_value(), expected != values_.end()) << name;
    if (!found) return;
    EXPECT_EQ(found->bytes, expected->second) << name;
  }

  const std::vector<Store> stores_;
  const std::string prefix_;
  std::mt19937_64 random_;
  Values values_;
  std::uint64_t last_ = 0;
  std::size_t removes_in_ten_ = 2;
};

// Leaves work undone, and loses its thread at any step for a while.
RadosSharding unreliable(std::uint64_t seed, std::atomic<int>& steps, std::atomic<int>& crashes) {
  RadosSharding sharding = tiny_shards();
  sharding.split_keys = 12;
  sharding.merge_keys = 9;
  const auto random = std::make_shared<std::mt19937_64>(seed);
  const auto mutex = std::make_shared<std::mutex>();
  sharding.before_step = [random, mutex, &steps, &crashes](RadosStep) {
    std::uint64_t dice = 0;
    {
      const std::scoped_lock lock(*mutex);
      dice = (*random)();
    }
    const int now = ++steps;
    if (dice % 20 == 0) {
      ++crashes;
      return false;
    }
    // Until the others have taken some steps, unless all of them stand here.
    const auto until = std::chrono::steady_clock::now() + 200ms;
    if (dice % 20 == 1)
      while (steps < now + 20 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return true;
  };
  return sharding;
}

TEST_P(RadosShards, SplitAndMergeUnderManyWritersOfManyProcesses) {
  const char* const given = std::getenv("CUBBY_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 1;
  const char* const rounds_given = std::getenv("CUBBY_ROUNDS");
  const int rounds = rounds_given ? std::atoi(rounds_given) : 60;
  SCOPED_TRACE("CUBBY_SEED=" + std::to_string(seed));
  std::atomic<int> steps = 0;
  std::atomic<int> crashes = 0;
  std::vector<std::unique_ptr<Engine>> engines;
  for (std::uint64_t i = 0; i < 3; ++i) engines.push_back(open(unreliable(seed * 10 + i, steps, crashes)));
  const NamespaceId id = new_store(*engines[0]).id();
  std::vector<Store> stores;
  for (const auto& each : engines) stores.emplace_back(*each, id);
  std::vector<Writer> writers;
  for (std::size_t i = 0; i < 6; ++i) writers.emplace_back(stores, i, seed);

  std::vector<std::thread> threads;
  for (Writer& each : writers) {
    threads.emplace_back([&each, rounds] {
      for (int round = 0; round < rounds && !HasFailure(); ++round) each.take_step();
    });
  }
  for (std::thread& each : threads) each.join();
  engines.clear();

  // One that finishes what was left: its collector goes over all shards.
  const auto engine = open(calm());
  const Store store(*engine, id);
  StoredIndex index(directory.path(), id);
  const auto shards = index.settled_shards();
  std::uint64_t all = 0;
  for (Writer& each : writers) {
    each.compare_all(store);
    all += each.values().size();
  }
  EXPECT_EQ(store.usage().keys, all);
  EXPECT_EQ(store.usage(), run(engine->recount(id, t0)).value());
  index.settled_shards();
  index.expect_sound();
  std::cout << "seed " << seed << ": " << steps << " steps, " << crashes << " crashes, " << shards.size()
            << " shards at the end\n";
}

}  // namespace
}  // namespace cubby
#endif
