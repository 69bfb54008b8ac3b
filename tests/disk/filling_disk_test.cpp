// A disk that puts and compactions fill to the brim, with values so small that all of them are in tables:
// their compactions need more room than there is. Puts are refused in time, deletes have their share, writing
// never ends, and when all is deleted puts are taken again.
//
//   ./dev torture --only filling-disk
//   CUBBY_SEED=1 CUBBY_COUNT=20 build/release/cubby_disk_tests --gtest_filter=FillingDisk.*   (see
//   run_length.hpp)
//
// A round fills the disk three times.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <map>
#include <random>

#include "store/rocksdb_engine.hpp"
#include "tests/disk/fault_file_system.hpp"
#include "tests/disk/run_length.hpp"
#include "tests/support/engine_calls.hpp"
#include "tests/support/fresh_directory.hpp"

namespace cubby::disk {
namespace {

constexpr std::uint64_t disk_bytes = 48u << 20;
constexpr std::uint64_t reserve_bytes = 6u << 20;
constexpr std::size_t bulk_keys = 100;

class FillingDisk : public testing::Test {
 protected:
  void fill_three_times(std::uint64_t seed) {
    const FreshDirectory root;
    disk = std::make_shared<FaultFileSystem>(root.path() / "attic");
    disk->set_size(disk_bytes);
    random.seed(seed);
    values.clear();
    auto engine = open(root.path()).value();
    const Namespace of = some_namespace("a");
    ASSERT_TRUE(run(engine->create_namespace(of)));
    for (int times = 0; times < 3 && !HasFailure(); ++times) fill_and_empty(Store(*engine, of.id));
    EXPECT_FALSE(run(engine->figures(t0)).value().has_failed);
    least_free = std::min(least_free, disk->least_free_bytes());
    EXPECT_GE(least_free, reserve_bytes / 8) << "the last eighth is nobody's";
    verify(Store(*engine, of.id));
    engine.reset();
    engine = open(root.path()).value();
    verify(Store(*engine, of.id));
  }

  Result<std::unique_ptr<Engine>> open(const fs::path& root) {
    return open_rocksdb_engine({.data_directory = root / "data",
                                .storage_threads = 3,
                                .cache_bytes = 8u << 20,
                                .disk_reserve_bytes = reserve_bytes,
                                .log_bytes_max = 1u << 20,
                                .file_system = disk,
                                .measure_disk = [disk = disk] { return disk->free_bytes(); }});
  }

  void fill_and_empty(const Store& store) {
    const std::uint64_t before = acknowledged;
    // Some refusals: what is short is reclaimed meanwhile, and a few more may be taken.
    for (int refused = 0; refused < 20 && !HasFailure();) {
      if (!put(store)) ++refused;
    }
    EXPECT_GT(acknowledged - before, 1000u) << "there was hardly room";
    ++times_full;
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(remove(store, any_keys())) << "their share is not used up";
    verify(store);
    // All at once use up the share, and go on with what they have freed.
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(3);
    const auto is_late = [&] { return std::chrono::steady_clock::now() > end; };
    while (!values.empty() && !HasFailure()) {
      if (!remove(store, first_keys())) {
        ASSERT_FALSE(is_late()) << "deletes are refused";
      }
    }
    for (bool is_taken = false; (!is_taken || disk->free_bytes() < disk_bytes / 2) && !HasFailure();) {
      ASSERT_FALSE(is_late()) << "an empty store takes the disk, or no put";
      is_taken = put(store);
      if (is_taken) remove(store, first_keys());
    }
  }

  // False: there is no space.
  bool put(const Store& store) {
    std::map<std::string, std::uint64_t> written;
    for (std::size_t i = 0; i < bulk_keys; ++i) written[name(random() % 100'000)] = random();
    std::vector<Mutation> mutations;
    for (const auto& [text, seed] : written)
      mutations.emplace_back(store.new_put(text, some_bytes(900, seed)));
    const auto applied = store.apply(std::move(mutations));
    if (applied) {
      for (const auto& each : written) values.insert_or_assign(each.first, each.second);
      acknowledged += written.size();
      return true;
    }
    EXPECT_EQ(applied.error().code, Errc::storage_full) << applied.error().argument;
    return false;
  }

  // False: there is no space.
  bool remove(const Store& store, const std::vector<std::string>& keys) {
    std::vector<Mutation> mutations;
    for (const std::string& each : keys) mutations.emplace_back(Delete{key(each)});
    const auto applied = store.apply(std::move(mutations));
    if (applied) {
      for (const std::string& each : keys) values.erase(each);
    } else {
      EXPECT_EQ(applied.error().code, Errc::storage_full) << applied.error().argument;
    }
    return applied.has_value();
  }

  std::vector<std::string> any_keys() {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < bulk_keys; ++i) keys.push_back(name(random() % 100'000));
    return keys;
  }
  std::vector<std::string> first_keys() {
    std::vector<std::string> keys;
    for (auto each = values.begin(); each != values.end() && keys.size() < 1000; ++each)
      keys.push_back(each->first);
    return keys;
  }

  void verify(const Store& store) {
    ASSERT_EQ(store.usage().keys, values.size());
    auto expected = values.begin();
    ScanSlice slice;
    slice.resume_after = "";
    while (slice.resume_after) {
      slice = store.scan({}, *slice.resume_after);
      for (const Entry& each : slice.entries) {
        ASSERT_NE(expected, values.end());
        ASSERT_EQ(each.key.text(), expected->first);
        ++expected;
      }
    }
    ASSERT_EQ(expected, values.end());
    for (int i = 0; i < 200 && !values.empty(); ++i) {
      const auto any = values.lower_bound(name(random() % 100'000));
      if (any == values.end()) continue;
      const auto found = store.get(any->first);
      ASSERT_TRUE(found && found->bytes == some_bytes(900, any->second)) << any->first;
    }
  }

  static std::string name(std::uint64_t number) { return "key " + std::to_string(100'000 + number); }

  std::shared_ptr<FaultFileSystem> disk;
  std::mt19937_64 random;
  std::map<std::string, std::uint64_t> values;  // seeds of bytes
  std::uint64_t acknowledged = 0;
  std::uint64_t times_full = 0;
  std::uint64_t least_free = disk_bytes;
};

TEST_F(FillingDisk, RefusesPutsNeverDeletesAndGoesOn) {
  const RunLength length(1);
  std::uint64_t seed = length.seed();
  for (std::uint64_t rounds = 0; length.goes_on(rounds) && !HasFailure(); ++rounds, ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    fill_three_times(seed);
  }
  std::cout << "seeds " << length.seed() << " to " << seed - 1 << ": full " << times_full << " times, "
            << acknowledged << " values acknowledged, least free " << least_free / 1024 << " KiB"
            << std::endl;
}

}  // namespace
}  // namespace cubby::disk
