#include "client/journal.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/fresh_directory.hpp"

namespace cubby::client {
namespace {

class JournalTest : public testing::Test {
 protected:
  FreshDirectory directory_;
  const std::string path_ = (directory_.path() / "journal").string();
};

TEST_F(JournalTest, RemembersTheLastEntryOfItsJob) {
  {
    auto journal = Journal::open(path_, "job");
    ASSERT_TRUE(journal);
    EXPECT_EQ(journal->last(), std::nullopt);
    EXPECT_TRUE(journal->add("one"));
    EXPECT_TRUE(journal->add("two"));
  }
  auto again = Journal::open(path_, "job");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->last(), "two");
  const auto other = Journal::open(path_, "another");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, Failure::Kind::usage);
  again->remove();
  EXPECT_EQ(Journal::open(path_, "another")->last(), std::nullopt);
}

// Cut anywhere, as a kill may leave it.
TEST_F(JournalTest, APartOfALineDoesNotCount) {
  const std::string whole = "job\none\ntwo\n";
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    std::ofstream(path_, std::ios::binary) << whole.substr(0, length);
    auto journal = Journal::open(path_, "job");
    ASSERT_TRUE(journal) << length;
    const auto expected = length < 8    ? std::nullopt
                          : length < 12 ? std::optional("one")
                                        : std::optional("two");
    EXPECT_EQ(journal->last(), expected) << length;
    EXPECT_TRUE(journal->add("three"));
    EXPECT_EQ(Journal::open(path_, "job")->last(), "three") << length;
  }
}

// Named by mistake.
TEST_F(JournalTest, LeavesAnotherFileAsItIs) {
  for (const std::string text : {"a line", "a line\nand more", "job and more", "\njob"}) {
    std::ofstream(path_, std::ios::binary) << text;
    const auto journal = Journal::open(path_, "job");
    ASSERT_FALSE(journal) << text;
    EXPECT_EQ(journal.error().kind, Failure::Kind::usage);
    std::ifstream file(path_, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
  }
}

TEST_F(JournalTest, ComplainsWhereItCannotBeWritten) {
  EXPECT_FALSE(Journal::open((directory_.path() / "no" / "journal").string(), "job"));
}

}  // namespace
}  // namespace cubby::client
