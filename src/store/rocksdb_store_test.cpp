#include "store/rocksdb_store.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace cubby
