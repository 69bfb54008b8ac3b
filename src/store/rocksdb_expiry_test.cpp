#include "store/rocksdb_expiry.hpp"

#include <gtest/gtest.h>

#include "tests/support/fresh_directory.hpp"

namespace cubby {
namespace {

using namespace std::chrono_literals;

class RocksDbExpiryTest : public testing::Test {
 protected:
  void expect_row(Instant due) {
    EXPECT_TRUE(store->db().Put({}, store->expiry(), rows::expiry(due, rows::head(ns, "key")), "").ok());
    expiry.expect(due);
  }

  FreshDirectory directory;
  std::unique_ptr<RocksDbStore> store =
      RocksDbStore::open({.data_directory = directory.path(), .cache_bytes = 1 << 20}).value();
  HotHeads hot{16};
  CommitHistory history{hot};
  const Catalog catalog;  // it has no such namespace, so that the rows go alone
  RocksDbExpiry expiry{*store, catalog};
  const NamespaceId ns = NamespaceId::random();
  const Instant now{1'000'000s};
};

TEST_F(RocksDbExpiryTest, WhatAFullDiskKeptFromBeingSweptIsSweptLater) {
  expect_row(now);
  ASSERT_TRUE(expiry.look(now, 10).value());
  {
    RocksDbBatch refused(*store, history);
    ASSERT_TRUE(expiry.stage(refused, now, 10));
  }

  ASSERT_TRUE(expiry.look(now, 10).value());
  RocksDbBatch batch(*store, history);
  const auto staged = expiry.stage(batch, now, 10);
  ASSERT_TRUE(staged);
  ASSERT_TRUE(batch.write());
  expiry.confirm(*staged);
  EXPECT_FALSE(expiry.look(now, 10).value());
}

}  // namespace
}  // namespace cubby
