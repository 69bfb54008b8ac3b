#include "store/rocksdb_store.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "core/limits.hpp"
#include "tests/support/fresh_directory.hpp"

namespace cubby {
namespace {

std::uint64_t bytes_of_logs_in(const std::filesystem::path& folder) {
  std::uint64_t sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".log") sum += entry.file_size();
  }
  return sum;
}

TEST(RocksDbStore, KnowsWhatItsLogsTakeOfTheDisk) {
  const FreshDirectory data;
  for (int opening = 0; opening < 2; ++opening) {
    const auto store = RocksDbStore::open({.data_directory = data.path()}).value();
    const auto folder = data.path() / "db";
    for (int i = 0; i < 3; ++i) {
      rocksdb::WriteBatch batch;
      store->put_counter(batch, starts_row, 1);
      store->commit(batch).value();
      EXPECT_GT(store->log_bytes(), 0u);
      EXPECT_EQ(store->log_bytes(), bytes_of_logs_in(folder));
      if (i == 1) store->flush().value();
      EXPECT_EQ(store->log_bytes(), bytes_of_logs_in(folder));
    }
  }
}

// It would wait for a compaction that has no room, and the end of the store with it.
TEST(RocksDbStore, NoWriteWaitsForACompaction) {
  const FreshDirectory data;
  std::atomic<std::uint64_t> free = 16 * limits::MiB;
  const auto store = RocksDbStore::open({.data_directory = data.path(),
                                         .disk_reserve_bytes = 8 * limits::MiB,
                                         .measure_disk = [&] { return free.load(); }})
                         .value();
  free = 100'000;  // nothing is left for compactions
  for (std::uint64_t tables = 1; store->level0_tables() < level0_tables_max; ++tables) {
    ASSERT_LE(tables, 2 * level0_tables_max);
    rocksdb::WriteBatch batch;
    store->put_counter(batch, starts_row, tables);
    store->write(batch, RocksDbStore::Sync::no, DiskSpace::Use::start).value();
    store->flush().value();
  }
  rocksdb::WriteBatch batch;
  store->put_counter(batch, starts_row, 0);
  EXPECT_TRUE(store->write(batch, RocksDbStore::Sync::no, DiskSpace::Use::start));
  free = 16 * limits::MiB;  // no compaction has met it yet
  EXPECT_EQ(store->write(batch, RocksDbStore::Sync::no).error(),
            fail(Errc::storage_full, "the disk has no room for compactions"));
}

}  // namespace
}  // namespace cubby
