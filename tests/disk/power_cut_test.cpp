// A crash of the machine at any moment: what was not synced is gone, wholly or in part, and names too.
// Writers of every kind work until the power is cut at a change of the disk that the seed chooses; then the
// store is opened again, and all that was acknowledged must be there.
//
//   ./dev torture --only power-cut
//   CUBBY_SEED=1 CUBBY_COUNT=100 build/release/cubby_disk_tests --gtest_filter=PowerCut.*   (see
//   run_length.hpp)
//
// A round is one cut.
#include <gtest/gtest.h>

#include <iostream>

#include "store/rocksdb_check.hpp"
#include "store/rocksdb_engine.hpp"
#include "tests/disk/fault_file_system.hpp"
#include "tests/disk/run_length.hpp"
#include "tests/disk/workload.hpp"
#include "tests/support/fresh_directory.hpp"

namespace cubby::disk {
namespace {

constexpr int cuts_per_directory = 5;

// One data directory, and the lives of a store in it.
class Machine {
 public:
  explicit Machine(std::uint64_t seed) : random_(seed), seed_(seed) {}

  // A life that ends with the power.
  void live_and_cut() {
    const auto durability = random_() % 4 == 0 ? Durability::relaxed : Durability::sync;
    // Early cuts meet an open, later ones a log that is replaced, flushes and compactions.
    const std::uint64_t bounds[] = {40, 400, 3000};
    disk_->cut_power_at(random_() % bounds[random_() % 3]);
    auto engine = open(durability);
    if (engine) work(**engine, durability);
    disk_->cut_power_now();
    if (engine) engine->reset();
    disk_->lose_what_is_not_synced(random_);
  }

  void verify() {
    auto engine = open(Durability::sync);
    ASSERT_TRUE(engine) << engine.error().argument;
    for (auto& [life, durability] : lives_) {
      for (const std::string& each : life->verify(**engine, durability)) ADD_FAILURE() << each;
    }
    const bool is_cut_again = random_() % 2 == 0;
    if (is_cut_again) disk_->cut_power_now();
    engine->reset();
    if (is_cut_again) disk_->lose_what_is_not_synced(random_);
    check();
  }

  std::uint64_t acknowledged() const {
    std::uint64_t sum = 0;
    for (const auto& [life, durability] : lives_) sum += life->acknowledged();
    return sum;
  }

 private:
  Result<std::unique_ptr<Engine>> open(Durability durability) {
    return open_rocksdb_engine({.data_directory = root_.path() / "data",
                                .storage_threads = 3,
                                .cache_bytes = 8u << 20,
                                .durability = durability,
                                .log_bytes_max = 1u << 20,
                                .file_system = disk_});
  }

  void work(Engine& engine, Durability durability) {
    const Namespace of = some_namespace(std::to_string(lives_.size()));
    if (!run(engine.create_namespace(of))) return;
    const WorkloadOptions options{
        .seed = seed_ * 100 + lives_.size(), .steps = 60, .has_housekeeping = durability == Durability::sync};
    auto life = std::make_unique<Workload>(engine, of.id, options);
    life->run_all();
    for (auto& [earlier, ignored] : lives_) earlier->note_sweeps_of(*life);
    lives_.emplace_back(std::move(life), durability);
  }

  void check() {
    const auto tell = [](const std::string& what) {
      if (what.starts_with("damaged")) ADD_FAILURE() << "cubby check: " << what;
    };
    const auto report = check_data_directory({.data_directory = root_.path() / "data"}, tell);
    ASSERT_TRUE(report) << report.error().argument;
    EXPECT_EQ(report->damaged, 0u);
  }

  const FreshDirectory root_;
  const std::shared_ptr<FaultFileSystem> disk_ = std::make_shared<FaultFileSystem>(root_.path() / "attic");
  std::mt19937_64 random_;
  const std::uint64_t seed_;
  std::vector<std::pair<std::unique_ptr<Workload>, Durability>> lives_;
};

TEST(PowerCut, LosesNothingThatWasAcknowledged) {
  const RunLength length(15);
  std::uint64_t cuts = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t seed = length.seed();
  for (; length.goes_on(cuts) && !HasFailure(); ++seed) {
    SCOPED_TRACE("CUBBY_SEED=" + std::to_string(seed));
    Machine machine(seed);
    for (int i = 0; i < cuts_per_directory && length.goes_on(cuts) && !HasFailure(); ++i, ++cuts) {
      SCOPED_TRACE("cut " + std::to_string(i));
      machine.live_and_cut();
      machine.verify();
    }
    acknowledged += machine.acknowledged();
  }
  std::cout << "seeds " << length.seed() << " to " << seed - 1 << ": " << cuts << " cuts, " << acknowledged
            << " writes acknowledged" << std::endl;
  EXPECT_GT(acknowledged, 0u);
}

}  // namespace
}  // namespace cubby::disk
