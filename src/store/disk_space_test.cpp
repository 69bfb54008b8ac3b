#include "store/disk_space.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/limits.hpp"

namespace cubby {
namespace {

using Use = DiskSpace::Use;

class DiskSpaceTest : public testing::Test {
 protected:
  std::uint64_t free = 1000;
  int measurements = 0;
  int times_short = 0;
  DiskSpace space{[this] {
                    ++measurements;
                    return free;
                  },
                  800};

  DiskSpaceTest() {
    space.when_short([this] { ++times_short; });
  }
};

TEST_F(DiskSpaceTest, PutsLeaveTheReserveAndUpkeepAnEighthOfIt) {
  EXPECT_TRUE(space.take(200, Use::put));
  free = 800;

  EXPECT_EQ(space.take(1, Use::put).error().code, Errc::storage_full);
  EXPECT_TRUE(space.check());
  EXPECT_TRUE(space.take(700, Use::upkeep));
  free = 100;
  EXPECT_EQ(space.take(1, Use::upkeep).error().code, Errc::storage_full);
  EXPECT_EQ(space.check().error().code, Errc::storage_full);
  EXPECT_TRUE(space.take(100, Use::start));
  free = 0;
  EXPECT_EQ(space.take(1, Use::start).error().code, Errc::storage_full);
}

TEST_F(DiskSpaceTest, WhatWasLetThroughCountsBeforeItIsMeasured) {
  EXPECT_TRUE(space.take(150, Use::put));
  ASSERT_EQ(measurements, 1);
  EXPECT_TRUE(space.take(50, Use::put));
  EXPECT_EQ(measurements, 1);

  // By its own count there is no room; the disk says there is.
  EXPECT_TRUE(space.take(150, Use::put));

  EXPECT_EQ(measurements, 2);
}

TEST_F(DiskSpaceTest, SpaceThatReturnsIsSeenAtOnce) {
  free = 0;
  EXPECT_FALSE(space.check());
  free = 800;
  EXPECT_TRUE(space.check());
}

TEST_F(DiskSpaceTest, OnlyPutsAskForSpaceToBeReclaimed) {
  free = 0;
  EXPECT_FALSE(space.take(1, Use::upkeep));
  EXPECT_EQ(times_short, 0);
  EXPECT_FALSE(space.take(1, Use::put));
  EXPECT_EQ(times_short, 1);
}

TEST(DiskSpaceWithoutReserve, LetsEverythingThrough) {
  DiskSpace space([] { return 0; }, 0);
  EXPECT_TRUE(space.take(1'000'000, Use::put));
}

TEST(DefaultDiskReserve, IsATwentiethOfASmallDisk) {
  const auto disk = disk_size("/").value();
  EXPECT_EQ(default_disk_reserve("/"),
            std::min<std::uint64_t>(limits::disk_reserve_bytes_max, disk.total_bytes / 20));
  EXPECT_EQ(default_disk_reserve("/no such directory"), 0u);
}

}  // namespace
}  // namespace cubby
