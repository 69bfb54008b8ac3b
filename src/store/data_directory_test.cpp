#include "store/data_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/support/fresh_directory.hpp"

namespace cubby {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void write_file(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string content_of(const fs::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

class DataDirectoryTest : public testing::Test {
 protected:
  FreshDirectory parent;
  const fs::path path = parent.path() / "data";

  Error refusal() { return DataDirectory::open(path).error(); }
};

TEST_F(DataDirectoryTest, IsMadeForItsOwnerAlone) {
  const auto directory = DataDirectory::open(path);

  ASSERT_TRUE(directory.has_value());
  EXPECT_TRUE(directory->is_new());
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  EXPECT_EQ(directory->database(), path / "db");
}

TEST_F(DataDirectoryTest, AnEmptyDirectoryIsTakenAsItIs) {
  fs::create_directory(path);

  EXPECT_TRUE(DataDirectory::open(path).value().is_new());
}

TEST_F(DataDirectoryTest, IsNewUntilItIsMarked) {
  EXPECT_TRUE(DataDirectory::open(path).value().is_new());
  {
    auto directory = DataDirectory::open(path).value();
    EXPECT_TRUE(directory.is_new());
    ASSERT_TRUE(directory.mark().has_value());
    EXPECT_FALSE(directory.is_new());
  }

  EXPECT_FALSE(DataDirectory::open(path).value().is_new());
}

TEST_F(DataDirectoryTest, TheMarkerOfFormatOneStays) {
  auto directory = DataDirectory::open(path).value();
  directory.mark().value();

  EXPECT_EQ(content_of(path / "FORMAT"), "cubby data format 1\n");
  EXPECT_FALSE(fs::exists(path / "FORMAT.new"));
}

TEST_F(DataDirectoryTest, HasOneOwnerAtATime) {
  {
    const auto owner = DataDirectory::open(path).value();

    EXPECT_EQ(refusal().code, Errc::storage_failed);
    EXPECT_THAT(refusal().argument, HasSubstr(path.string() + " is in use by another process"));
  }
  EXPECT_TRUE(DataDirectory::open(path).has_value()) << "its owner is gone";
}

TEST_F(DataDirectoryTest, TheLockMovesWithIt) {
  auto first = DataDirectory::open(path);
  {
    const DataDirectory second = std::move(*first);
    EXPECT_FALSE(DataDirectory::open(path).has_value());
  }
  EXPECT_TRUE(DataDirectory::open(path).has_value());
}

TEST_F(DataDirectoryTest, ARefusalDoesNotKeepTheLock) {
  fs::create_directory(path);
  write_file(path / "something", "else");
  EXPECT_FALSE(DataDirectory::open(path).has_value());
  fs::remove(path / "something");

  EXPECT_TRUE(DataDirectory::open(path).has_value());
}

TEST_F(DataDirectoryTest, WhatHoldsSomethingElseIsRefused) {
  fs::create_directory(path);
  write_file(path / "photo.jpg", "precious");

  EXPECT_EQ(refusal().code, Errc::storage_failed);
  EXPECT_THAT(refusal().argument, HasSubstr("holds no Cubby data (found photo.jpg)"));
  EXPECT_EQ(content_of(path / "photo.jpg"), "precious");
}

TEST_F(DataDirectoryTest, WhatAFirstStartLeavesThatWasCutShortIsNoHindrance) {
  fs::create_directories(path / "db");
  write_file(path / "LOCK", "");
  write_file(path / "FORMAT.new", "cub");

  auto directory = DataDirectory::open(path);

  ASSERT_TRUE(directory.has_value());
  EXPECT_TRUE(directory->is_new());
  EXPECT_TRUE(directory->mark().has_value());
}

TEST_F(DataDirectoryTest, OtherFilesBesideTheMarkerAreNoHindrance) {
  DataDirectory::open(path).value().mark().value();
  write_file(path / "notes.txt", "of the operator");

  EXPECT_TRUE(DataDirectory::open(path).has_value());
}

TEST_F(DataDirectoryTest, AnUnknownFormatIsRefusedByItsName) {
  fs::create_directory(path);
  for (const char* format : {"cubby data format 2\n", "cubby data format 1", "cubby data format 1\n\n", ""}) {
    write_file(path / "FORMAT", format);

    EXPECT_EQ(refusal().code, Errc::storage_failed);
    EXPECT_THAT(refusal().argument, HasSubstr("\"" + std::string(format) + "\""));
  }
}

// Only a FORMAT that is not there means a first start.
TEST_F(DataDirectoryTest, AnUnreadableFormatIsRefused) {
  fs::create_directory(path);
  fs::create_symlink("nowhere", path / "FORMAT");
  EXPECT_EQ(refusal().code, Errc::storage_failed);
  EXPECT_THAT(refusal().argument, HasSubstr("FORMAT"));

  fs::remove(path / "FORMAT");
  fs::create_directory(path / "FORMAT");
  EXPECT_EQ(refusal().code, Errc::storage_failed);
}

TEST_F(DataDirectoryTest, AFileInItsPlaceIsRefused) {
  write_file(path, "");

  EXPECT_EQ(refusal().code, Errc::storage_failed);
  EXPECT_THAT(refusal().argument, HasSubstr(path.string()));
}

TEST_F(DataDirectoryTest, APathBelowAFileIsRefused) {
  write_file(parent.path() / "file", "");

  EXPECT_EQ(DataDirectory::open(parent.path() / "file" / "data").error().code, Errc::storage_failed);
}

// ---- write_file_durably

TEST(WriteFileDurably, WritesTheContentWithItsMode) {
  const FreshDirectory directory;
  const std::string content(300'000, 'c');

  ASSERT_TRUE(write_file_durably(directory.path() / "file", content, 0640).has_value());

  EXPECT_TRUE(content_of(directory.path() / "file") == content);
  EXPECT_EQ(fs::status(directory.path() / "file").permissions(), fs::perms(0640));
}

TEST(WriteFileDurably, ReplacesAFileAndADraftThatWasLeft) {
  const FreshDirectory directory;
  write_file(directory.path() / "file", "old and longer");
  write_file(directory.path() / "file.new", "a draft");

  ASSERT_TRUE(write_file_durably(directory.path() / "file", "new", 0600).has_value());

  EXPECT_EQ(content_of(directory.path() / "file"), "new");
  EXPECT_FALSE(fs::exists(directory.path() / "file.new"));
}

TEST(WriteFileDurably, SaysWhichFileItCannotWrite) {
  const FreshDirectory directory;
  const fs::path path = directory.path() / "absent" / "file";

  const Error error = write_file_durably(path, "content", 0600).error();

  EXPECT_EQ(error.code, Errc::storage_failed);
  EXPECT_THAT(error.argument, HasSubstr(path.string()));
  EXPECT_THAT(error.argument, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace cubby
