#include "store/disk_space.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "core/limits.hpp"

namespace cubby {
namespace {

using namespace std::chrono_literals;
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

TEST_F(DiskSpaceTest, PutsLeaveTheReserveAndUpkeepHalfOfIt) {
  EXPECT_TRUE(space.take(200, Use::put));
  free = 800;

  EXPECT_EQ(space.take(1, Use::put).error().code, Errc::storage_full);
  EXPECT_TRUE(space.check());
  EXPECT_TRUE(space.take(400, Use::upkeep));
  free = 400;
  EXPECT_EQ(space.take(1, Use::upkeep).error().code, Errc::storage_full);
  EXPECT_EQ(space.check().error().code, Errc::storage_full);
  EXPECT_TRUE(space.take(400, Use::start));
  free = 0;
  EXPECT_EQ(space.take(1, Use::start).error().code, Errc::storage_full);
}

TEST_F(DiskSpaceTest, ACompactionTakesThreeEighthsThatNobodyWaitsFor) {
  EXPECT_TRUE(space.take(200, Use::compaction));
  free = 800;
  EXPECT_TRUE(space.take(200, Use::put)) << "the compaction gives it back";
  free = 600;
  EXPECT_FALSE(space.take(1, Use::put));
  EXPECT_TRUE(space.take(400, Use::upkeep));
  free = 200;
  EXPECT_FALSE(space.take(1, Use::upkeep));

  EXPECT_TRUE(space.take(100, Use::compaction));
  free = 100;
  EXPECT_FALSE(space.take(1, Use::compaction));
  EXPECT_FALSE(space.take(1, Use::upkeep));

  space.end_compaction(1min);
  EXPECT_TRUE(space.take(0, Use::upkeep)) << "what it has replaced is removed in a moment";
  space.begin_compaction();
  free = 401;
  EXPECT_TRUE(space.take(1, Use::upkeep));
  free = 400;
  EXPECT_FALSE(space.take(1, Use::upkeep));
  EXPECT_FALSE(space.take(0, Use::put));
  EXPECT_TRUE(space.take(300, Use::compaction)) << "whatever deletes have used";
  free = 100;
  EXPECT_FALSE(space.take(1, Use::compaction));
}

TEST_F(DiskSpaceTest, WhatACompactionHasTakenIsNotLentForEver) {
  EXPECT_TRUE(space.take(300, Use::compaction));
  space.end_compaction(0ms);
  free = 700;
  EXPECT_FALSE(space.take(1, Use::put));
}

TEST_F(DiskSpaceTest, WhatTheLastCompactionHasTakenDoesNotCountForTheNext) {
  free = 10'000;
  EXPECT_TRUE(space.take(9'500, Use::compaction));
  space.end_compaction(1min);
  free = 100;
  EXPECT_TRUE(space.take(0, Use::compaction)) << "there is room to begin";
}

TEST_F(DiskSpaceTest, CompactionsShareWhereNothingIsRemoved) {
  free = 400;
  space.hold_removal(true);
  space.begin_compaction();
  EXPECT_TRUE(space.take(200, Use::compaction));
  space.end_compaction(0ms);
  free = 200;
  EXPECT_TRUE(space.take(0, Use::upkeep)) << "it is still lent";
  space.begin_compaction();
  free = 350;
  EXPECT_FALSE(space.take(101, Use::compaction)) << "a hundred are left of the share";
  EXPECT_TRUE(space.take(100, Use::compaction));
  space.end_compaction(0ms);
  space.hold_removal(false);
  free = 400;
  space.begin_compaction();
  EXPECT_TRUE(space.take(300, Use::compaction));
}

TEST_F(DiskSpaceTest, WhatACompactionTookBeforeRemovalsAreHeldIsNotLent) {
  free = 10'000;
  EXPECT_TRUE(space.take(9'500, Use::compaction));
  space.end_compaction(0ms);
  space.hold_removal(true);
  free = 799;
  EXPECT_FALSE(space.take(0, Use::put));
  free = 300;
  space.begin_compaction();
  EXPECT_TRUE(space.take(200, Use::compaction)) << "it has its share";
}

TEST_F(DiskSpaceTest, RoomToSpareIsWhatThereIsBesideTheReserve) {
  free = 900;
  EXPECT_TRUE(space.would_leave_reserve(100));
  EXPECT_FALSE(space.would_leave_reserve(101));
  EXPECT_TRUE(space.take(100, Use::put)) << "nothing was taken";
}

TEST(DiskSpaceDuringAMeasurement, WhatIsTakenIsNotForgotten) {
  std::function<void()> meanwhile = [] {};
  DiskSpace space(
      [&] {
        meanwhile();
        return std::uint64_t{1000};
      },
      800);
  ASSERT_TRUE(space.check());
  meanwhile = [&] { EXPECT_TRUE(space.take(200, Use::start)); };
  EXPECT_EQ(space.free_bytes(), 800u);
}

TEST_F(DiskSpaceTest, ACompactionTakesMoreWhereThereIsMore) {
  free = 10'000;
  EXPECT_TRUE(space.take(9'500, Use::compaction));
  free = 500;
  EXPECT_FALSE(space.take(1, Use::compaction));
  EXPECT_FALSE(space.take(1, Use::put)) << "only its own share is lent";
  EXPECT_TRUE(space.take(400, Use::upkeep));
  free = 100;
  EXPECT_FALSE(space.take(1, Use::upkeep));
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

TEST_F(DiskSpaceTest, WhatIsNotWrittenYetIsNotForgottenByAMeasurement) {
  EXPECT_TRUE(space.take(150, Use::put));
  EXPECT_EQ(space.free_bytes(), 1000u);
  EXPECT_FALSE(space.take(100, Use::put, 150));
  EXPECT_TRUE(space.take(50, Use::put, 150));
  EXPECT_TRUE(space.take(150, Use::put)) << "only the fifty are taken";
}

TEST_F(DiskSpaceTest, PutsAreRefusedWhileSomethingSpeaksAgainstThem) {
  bool speaks = true;
  space.refuse_puts_while([&] { return speaks; });
  EXPECT_FALSE(space.take(1, Use::put));
  EXPECT_EQ(times_short, 1);
  EXPECT_TRUE(space.take(1, Use::upkeep));
  speaks = false;
  EXPECT_TRUE(space.take(1, Use::put));
}

TEST_F(DiskSpaceTest, SpaceThatReturnsIsSeenAtOnce) {
  free = 0;
  EXPECT_FALSE(space.check());
  free = 800;
  EXPECT_TRUE(space.check());
}

TEST_F(DiskSpaceTest, ARefusedPutAndHalfOfTheShareOfUpkeepAskForSpaceToBeReclaimed) {
  free = 800;
  EXPECT_FALSE(space.take(1, Use::put));
  EXPECT_EQ(times_short, 1);
  EXPECT_TRUE(space.take(200, Use::upkeep));
  EXPECT_EQ(times_short, 1);
  EXPECT_TRUE(space.take(1, Use::upkeep));
  EXPECT_EQ(times_short, 2) << "before the share is used up";
  free = 0;
  EXPECT_FALSE(space.take(200, Use::upkeep));
  EXPECT_EQ(times_short, 3);
  EXPECT_FALSE(space.take(1, Use::compaction) || space.take(1, Use::start));
  EXPECT_EQ(times_short, 3);
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
