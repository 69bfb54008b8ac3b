#include "store/hot_heads.hpp"

#include <gtest/gtest.h>

namespace cubby {
namespace {

std::string bytes_of(const std::string& row, const std::string& value) {
  return encode_head({Version{1}, {}, {}, value.size(), value}, row);
}

std::string value_of(const HotHeads::Pinned& hot) {
  return hot ? std::string(std::get<std::string_view>(hot->view.body)) : "not here";
}

// One slot: every row is every other's rival.
class HotHeadsTest : public testing::Test {
 protected:
  void read(const std::string& row, std::uint64_t group = 0, const std::string& value = "v") {
    if (!heads.find(row)) heads.offer(row, bytes_of(row, value), group);
  }

  HotHeads heads{1};
};

TEST_F(HotHeadsTest, TakesARowInWhenItIsReadAgain) {
  read("a");
  EXPECT_EQ(heads.find("a"), nullptr);
  read("a");
  EXPECT_EQ(value_of(heads.find("a")), "v");
}

TEST_F(HotHeadsTest, KeepsARowThatIsInUse) {
  read("a");
  read("a");
  for (const char* const passing : {"b", "c", "b", "c"}) read(passing);
  EXPECT_NE(heads.find("a"), nullptr);
  read("b");
  EXPECT_NE(heads.find("a"), nullptr);
  read("b");  // once more, but `a` was read in between
  EXPECT_NE(heads.find("a"), nullptr);
}

TEST_F(HotHeadsTest, GivesThePlaceOfARowThatNobodyReadsToOneThatIsRead) {
  read("a");
  read("a");
  read("b");
  read("b");
  EXPECT_EQ(heads.find("a"), nullptr);
  EXPECT_NE(heads.find("b"), nullptr);
}

TEST_F(HotHeadsTest, ForgetsWhatIsAboutToBeWritten) {
  read("a");
  read("a");
  heads.forget("a", 1);
  EXPECT_EQ(heads.find("a"), nullptr);
}

TEST_F(HotHeadsTest, WhatIsPinnedStays) {
  read("a");
  read("a");
  const auto pinned = heads.find("a");
  heads.forget("a", 1);
  EXPECT_EQ(value_of(pinned), "v");
}

TEST_F(HotHeadsTest, DoesNotTakeInWhatWasReadBeforeAWrite) {
  heads.forget("a", 5);
  for (int i = 0; i < 3; ++i) read("a", 4, "old");
  EXPECT_EQ(heads.find("a"), nullptr);
  for (int i = 0; i < 2; ++i) read("a", 5, "new");
  EXPECT_EQ(value_of(heads.find("a")), "new");
}

TEST_F(HotHeadsTest, ForgetsAll) {
  read("a");
  read("a");
  heads.forget_all(5);
  EXPECT_EQ(heads.find("a"), nullptr);
  for (int i = 0; i < 3; ++i) read("a", 4);
  EXPECT_EQ(heads.find("a"), nullptr);
}

TEST_F(HotHeadsTest, DoesNotTakeInWhatIsDamaged) {
  for (int i = 0; i < 3; ++i) heads.offer("a", bytes_of("b", "v"), 0);
  EXPECT_EQ(heads.find("a"), nullptr);
}

}  // namespace
}  // namespace cubby
