// The RADOS engine while its cluster breaks: two engines over one store, writers and readers on both, shards
// that split and merge all the time, and one fault after the other. Whatever happens, no acknowledged write
// is lost, no value comes back after its delete, and service returns. Runs in the suite `rados` of ./dev
// test, which starts the cluster.
#ifdef CUBBY_WITH_RADOS
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>

#include "tests/support/rados_check.hpp"

namespace cubby {
namespace {

using Clock = std::chrono::steady_clock;

// What the one writer of a key has done to it. Each of its writes has a number, which is the value; odd ones
// are deletes.
class KeyHistory {
 public:
  struct State {
    std::uint64_t acknowledged = 1;  // the last one; all before have been overtaken
    std::uint64_t attempted = 1;     // the last one that may have happened
  };

  State state() const {
    const std::scoped_lock lock(mutex_);
    return state_;
  }
  std::uint64_t begin_write() {
    const std::scoped_lock lock(mutex_);
    return ++state_.attempted;
  }
  void acknowledge(std::uint64_t number) {
    const std::scoped_lock lock(mutex_);
    state_.acknowledged = number;
  }

  // A read that began at `before` and ended at `after`: nothing, or the number that it found.
  static bool allows(const State& before, const State& after, std::optional<std::uint64_t> found) {
    if (found) return before.acknowledged <= *found && *found <= after.attempted && *found % 2 == 0;
    // Some delete among those that may have been the last.
    return before.acknowledged % 2 == 1 || after.attempted > before.acknowledged;
  }

 private:
  mutable std::mutex mutex_;
  State state_;
};

constexpr std::size_t writers = 4;
constexpr std::size_t keys_per_writer = 4;

class Workload {
 public:
  Workload(const Store& first, const Store& second) : stores_{first, second} {
    for (std::size_t number = 0; number < writers; ++number) {
      threads_.emplace_back([this, number] { write(number); });
    }
    for (std::size_t number = 0; number < 2; ++number) {
      threads_.emplace_back([this, number] { read(number); });
    }
  }

  void stop() {
    is_stopping_ = true;
    for (std::thread& each : threads_) each.join();
    threads_.clear();
  }

  // Returns when every writer has been answered without an error, for a write begun from now on.
  void await_service() {
    std::array<std::uint64_t, writers> seen{};
    for (std::size_t i = 0; i < writers; ++i) seen[i] = acknowledged_[i];
    for (std::size_t i = 0; i < writers; ++i) {
      for (std::uint64_t now = acknowledged_[i]; now < seen[i] + 2; now = acknowledged_[i])
        acknowledged_[i].wait(now);
    }
  }

  void check_all() {
    for (std::size_t i = 0; i < histories_.size(); ++i) check(stores_[0], i);
  }

  std::uint64_t unanswered() const { return unanswered_; }
  std::uint64_t answered() const { return answered_; }
  std::chrono::milliseconds longest_gap() const { return std::chrono::milliseconds(longest_gap_); }

 private:
  static std::string name_of_key(std::size_t number) { return "key" + std::to_string(number); }

  void write(std::size_t writer) {
    const Store& store = stores_[writer % 2];
    auto last = Clock::now();
    for (std::size_t round = 0; !is_stopping_; ++round) {
      const std::size_t number = writer * keys_per_writer + round % keys_per_writer;
      const std::uint64_t value = histories_[number].begin_write();
      std::vector<Mutation> mutations;
      if (value % 2 == 1) {
        mutations.emplace_back(Delete{key(name_of_key(number))});
      } else {
        mutations.emplace_back(store.new_put(name_of_key(number), std::to_string(value)));
      }
      const auto applied = store.apply(std::move(mutations));
      if (!applied) {
        EXPECT_EQ(applied.error().code, Errc::storage_unavailable) << applied.error().argument;
        ++unanswered_;
        continue;
      }
      histories_[number].acknowledge(value);
      ++answered_;
      const auto gap = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - last).count();
      for (auto longest = longest_gap_.load(); gap > longest;)
        if (longest_gap_.compare_exchange_weak(longest, gap)) break;
      last = Clock::now();
      ++acknowledged_[writer];
      acknowledged_[writer].notify_all();
    }
  }

  void read(std::size_t reader) {
    for (std::size_t round = 0; !is_stopping_; ++round) check(stores_[reader], round * 7 % histories_.size());
  }

  void check(const Store& store, std::size_t number) {
    const auto before = histories_[number].state();
    const auto value = store.open(name_of_key(number));
    if (!value) {
      EXPECT_EQ(value.error().code, Errc::storage_unavailable) << value.error().argument;
      return;
    }
    std::optional<std::uint64_t> found;
    if (*value) found = std::stoull(std::string((*value)->bytes.view()));
    const auto after = histories_[number].state();
    EXPECT_TRUE(KeyHistory::allows(before, after, found))
        << name_of_key(number) << ": found " << (found ? std::to_string(*found) : "nothing")
        << ", acknowledged " << before.acknowledged << ", attempted " << after.attempted;
  }

  const std::array<Store, 2> stores_;
  std::array<KeyHistory, writers * keys_per_writer> histories_;
  std::array<std::atomic<std::uint64_t>, writers> acknowledged_{};
  std::atomic<bool> is_stopping_ = false;
  std::atomic<std::uint64_t> answered_ = 0;
  std::atomic<std::uint64_t> unanswered_ = 0;
  std::atomic<std::int64_t> longest_gap_ = 0;
  std::vector<std::thread> threads_;
};

// The cluster's daemons, by the script that has started them.
void cluster(const std::string& action, const std::string& arguments) {
  const auto directory = std::filesystem::path(std::getenv("CUBBY_TEST_RADOS_CONF")).parent_path();
  const std::string command =
      std::string(CUBBY_CLUSTER) + " " + action + " " + directory.string() + " " + arguments;
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

struct Fault {
  const char* name;
  void (*happen)();
};

// How long a daemon stands still: longer than the cluster needs to notice, and, for two, than a client waits.
void stop_for(const std::vector<std::string>& daemons, std::chrono::seconds time) {
  for (const std::string& each : daemons) cluster("signal", each + " STOP");
  std::this_thread::sleep_for(time);
  for (const std::string& each : daemons) cluster("signal", each + " CONT");
}

void kill_and_start(const std::string& daemon) {
  cluster("signal", daemon + " KILL");
  cluster("again", daemon);
}

const Fault faults[] = {
    {"one OSD stands still", [] { stop_for({"osd.0"}, 6s); }},
    {"one OSD is killed", [] { kill_and_start("osd.1"); }},
    {"two OSDs stand still, longer than a client waits",
     [] {
       stop_for({"osd.1", "osd.2"}, 8s);
     }},
    {"the monitor stands still", [] { stop_for({"mon.a"}, 6s); }},
    {"the monitor is killed", [] { kill_and_start("mon.a"); }},
};

class RadosFaults : public testing::TestWithParam<EngineKind> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RadosFaults);
INSTANTIATE_TEST_SUITE_P(Every, RadosFaults,
                         testing::ValuesIn(std::getenv("CUBBY_TEST_RADOS_CONF")
                                               ? std::vector<EngineKind>{{"Rados", open_rados, true}}
                                               : std::vector<EngineKind>{}),
                         name_of);

TEST_P(RadosFaults, LoseNothingAndBringNothingBack) {
  const FreshDirectory directory;
  auto first = open_rados_in_tiny_shards(directory.path()).value();
  auto second = open_rados_in_tiny_shards(directory.path()).value();
  const Store store = new_store(*first);
  Workload workload(store, Store(*second, store.id()));
  workload.await_service();

  for (const Fault& each : faults) {
    SCOPED_TRACE(each.name);
    each.happen();
    workload.await_service();
    std::cout << each.name << ": " << workload.answered() << " answered, " << workload.unanswered()
              << " not, longest gap " << workload.longest_gap().count() << " ms\n";
  }

  workload.stop();
  workload.check_all();
  EXPECT_EQ(store.usage(), run(second->recount(store.id(), t0)).value());
  first.reset();
  second.reset();
  // Its collector finishes what a fault has left undone.
  const auto last = open_rados(directory.path()).value();
  StoredIndex(directory.path(), store.id()).expect_sound();
}

}  // namespace
}  // namespace cubby
#endif
