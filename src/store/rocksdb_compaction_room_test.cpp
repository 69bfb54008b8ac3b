#include "store/rocksdb_compaction_room.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace cubby {
namespace {

using rocksdb::CompactionReason;

class CompactionRoomTest : public testing::Test {
 protected:
  void begin(CompactionReason reason = CompactionReason::kLevelL0FilesNum, std::uint32_t family = 1) {
    job.cf_id = family;
    job.compaction_reason = reason;
    room.OnCompactionBegin(nullptr, job);
  }
  void end(const rocksdb::Status& status) {
    job.status = status;
    room.OnCompactionCompleted(nullptr, job);
  }
  // Whether a compaction finds room for 200 bytes.
  bool compact(CompactionReason reason = CompactionReason::kLevelL0FilesNum, std::uint32_t family = 1) {
    begin(reason, family);
    const bool is_done = room.take(200);
    end(is_done ? rocksdb::Status::OK() : rocksdb::Status::NoSpace());
    return is_done;
  }

  std::uint64_t free = 1000;
  DiskSpace space{[this] { return free; }, 800};
  CompactionRoom room{space};
  rocksdb::CompactionJobInfo job;
};

TEST_F(CompactionRoomTest, AsksForWhatACompactionWritesAndForNothingElse) {
  EXPECT_TRUE(room.take(1'000'000)) << "there is none under way";
  begin();
  std::thread([this] { EXPECT_TRUE(room.take(1'000'000)) << "nor is it this one"; }).join();
  EXPECT_TRUE(room.take(300));
  free = 700;
  EXPECT_TRUE(room.take(200)) << "beyond its share, and there is enough";
  free = 500;
  EXPECT_FALSE(room.take(1));
  end(rocksdb::Status::NoSpace());
  EXPECT_TRUE(room.take(1'000'000));
}

TEST_F(CompactionRoomTest, WhatFoundNoRoomIsPutOffUntilMoreIsFree) {
  free = 250;
  EXPECT_FALSE(compact());
  free = 349;
  begin();
  EXPECT_FALSE(room.take(0)) << "there would be room for it, but hardly for what it was";
  end(rocksdb::Status::NoSpace());
  EXPECT_TRUE(compact(CompactionReason::kLevelL0FilesNum, 2)) << "another family";
  EXPECT_TRUE(compact(CompactionReason::kManualCompaction)) << "somebody wants it";
  free = 250;
  EXPECT_FALSE(compact());
  free = 350;
  EXPECT_TRUE(compact());
}

TEST_F(CompactionRoomTest, WhatTheDiskItselfRefusesFoundNoRoomEither) {
  begin();
  EXPECT_TRUE(room.take(100));
  end(rocksdb::Status::NoSpace());
  EXPECT_TRUE(room.finds_no_room());
  EXPECT_FALSE(compact());
}

TEST_F(CompactionRoomTest, WhatSomebodyWantsPutsNothingOff) {
  free = 250;
  EXPECT_FALSE(compact(CompactionReason::kManualCompaction));
  begin();
  EXPECT_TRUE(room.take(100)) << "it may be smaller";
}

}  // namespace
}  // namespace cubby
