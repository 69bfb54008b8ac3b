#include "store/rocksdb_file_system.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "tests/support/fresh_directory.hpp"

namespace cubby {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// The machine's file system, with an account of syncs.
class CountedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  CountedFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "CubbyCounted"; }

  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* context) override {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    auto status = target()->NewWritableFile(name, options, &file, context);
    if (status.ok()) *result = std::make_unique<File>(std::move(file), *this);
    return status;
  }

  int syncs = 0;
  bool fails = false;
  bool is_full = false;
  std::uint64_t set_aside = 0;
  std::function<void()> meanwhile = [] {};

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, CountedFileSystem& system)
        : FSWritableFileOwnerWrapper(std::move(file)), system_(system) {}
    IOStatus Sync(const IOOptions&, IODebugContext*) override {
      ++system_.syncs;
      system_.meanwhile();
      return system_.fails ? IOStatus::IOError("on purpose") : IOStatus::OK();
    }
    void SetPreallocationBlockSize(std::size_t bytes) override {
      FSWritableFile::SetPreallocationBlockSize(bytes);
    }
    void GetPreallocationStatus(std::size_t* block, std::size_t* blocks) override {
      FSWritableFile::GetPreallocationStatus(block, blocks);
    }
    void PrepareWrite(std::size_t offset, std::size_t bytes, const IOOptions& options,
                      IODebugContext* context) override {
      FSWritableFile::PrepareWrite(offset, bytes, options, context);
    }
    IOStatus Allocate(std::uint64_t, std::uint64_t bytes, const IOOptions&, IODebugContext*) override {
      system_.set_aside += bytes;
      return IOStatus::OK();
    }
    IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* context) override {
      if (system_.is_full) return IOStatus::NoSpace("on purpose");
      if (system_.fails) return IOStatus::IOError("on purpose");
      return target()->Append(data, options, context);
    }

   private:
    CountedFileSystem& system_;
  };
};

class WatchedFileSystemTest : public testing::Test {
 protected:
  std::unique_ptr<rocksdb::FSWritableFile> create(const std::string& name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(watched.NewWritableFile((folder.path() / name).string(), {}, &file, nullptr).ok());
    return file;
  }

  static bool append(rocksdb::FSWritableFile& file) { return file.Append("x", {}, nullptr).ok(); }
  static bool sync(rocksdb::FSWritableFile& file) { return file.Sync({}, nullptr).ok(); }

  const FreshDirectory folder;
  const std::shared_ptr<CountedFileSystem> machine = std::make_shared<CountedFileSystem>();
  const std::shared_ptr<FailStop> fail_stop = std::make_shared<FailStop>();
  std::uint64_t table_bytes_left = 100;
  bool may_open_table = true;
  bool has_room_to_spare = true;
  WatchedFileSystem watched{machine,
                            fail_stop,
                            {.for_table =
                                 [this](std::uint64_t bytes) {
                                   if (bytes > table_bytes_left || (bytes == 0 && !may_open_table))
                                     return false;
                                   table_bytes_left -= bytes;
                                   return true;
                                 },
                             .to_set_aside = [this](std::uint64_t) { return has_room_to_spare; }}};
};

TEST_F(WatchedFileSystemTest, SyncsAgainAfterAChangeOnly) {
  const auto file = create("000001.log");
  EXPECT_TRUE(sync(*file));
  EXPECT_EQ(machine->syncs, 1) << "a new file is a change";
  EXPECT_TRUE(sync(*file));
  EXPECT_EQ(machine->syncs, 1);
  EXPECT_TRUE(append(*file) && sync(*file) && sync(*file));
  EXPECT_EQ(machine->syncs, 2);
  EXPECT_TRUE(file->Truncate(0, {}, nullptr).ok() && sync(*file));
  EXPECT_EQ(machine->syncs, 3);
}

TEST_F(WatchedFileSystemTest, SyncsAgainWhatChangedDuringASync) {
  const auto file = create("000001.log");
  machine->meanwhile = [&] { EXPECT_TRUE(append(*file)); };
  EXPECT_TRUE(sync(*file));
  machine->meanwhile = [] {};
  EXPECT_TRUE(sync(*file));
  EXPECT_EQ(machine->syncs, 2);
}

TEST_F(WatchedFileSystemTest, DoesNotSyncAgainWhatItOnceCouldNot) {
  const auto file = create("000001.log");
  machine->fails = true;
  EXPECT_FALSE(sync(*file));
  EXPECT_TRUE(fail_stop->has_failed());
  machine->fails = false;
  EXPECT_TRUE(append(*file));
  EXPECT_FALSE(sync(*file)) << "the kernel would say yes, and have dropped what the first sync was for";
  EXPECT_TRUE(sync(*create("000002.sst")));
}

TEST_F(WatchedFileSystemTest, SyncsALogBeforeTheNextHasARecord) {
  const auto first = create("000001.log");
  EXPECT_TRUE(append(*first));
  const auto second = create("000002.log");
  EXPECT_EQ(machine->syncs, 0);
  EXPECT_TRUE(append(*second));
  EXPECT_EQ(machine->syncs, 1);
  EXPECT_TRUE(append(*second) && sync(*first));
  EXPECT_EQ(machine->syncs, 1) << "once is enough";

  const auto third = create("000003.log");
  machine->fails = true;
  EXPECT_FALSE(append(*third)) << "for the second is not on the disk";
  EXPECT_TRUE(fail_stop->has_failed());
  machine->fails = false;
  EXPECT_FALSE(sync(*second))
      << "RocksDB would note that all of it is durable, and refuse it at the next start";
}

TEST_F(WatchedFileSystemTest, KnowsWhatTheLogsHoldThatAreStillThere) {
  const auto first = create("000001.log");
  const auto second = create("000002.log");
  const auto table = create("000003.sst");
  EXPECT_TRUE(append(*first) && append(*first) && append(*second) && append(*table));
  EXPECT_EQ(watched.log_bytes(), 3u);
  EXPECT_TRUE(watched.DeleteFile((folder.path() / "000001.log").string(), {}, nullptr).ok());
  EXPECT_EQ(watched.log_bytes(), 1u);
}

TEST_F(WatchedFileSystemTest, AsksForRoomForTablesOnly) {
  table_bytes_left = 2;
  const auto table = create("000001.sst");
  const auto blobs = create("000002.blob");
  EXPECT_TRUE(append(*table) && append(*blobs));
  const auto refused = table->Append("x", {}, nullptr);
  EXPECT_TRUE(refused.IsNoSpace());
  EXPECT_FALSE(append(*blobs));
  std::unique_ptr<rocksdb::FSWritableFile> file;
  may_open_table = false;
  const auto name = folder.path() / "000005.sst";
  EXPECT_TRUE(watched.NewWritableFile(name.string(), {}, &file, nullptr).IsNoSpace());
  EXPECT_FALSE(std::filesystem::exists(name));
  EXPECT_TRUE(append(*create("000003.log")) && append(*create("MANIFEST-000004")));
  EXPECT_FALSE(fail_stop->has_failed());
}

TEST_F(WatchedFileSystemTest, SetsBlocksAsideWhereThereIsRoomToSpareAndNeverForTables) {
  const auto set_aside = [&](rocksdb::FSWritableFile& file, std::size_t offset) {
    machine->set_aside = 0;
    file.SetPreallocationBlockSize(100);
    file.PrepareWrite(offset, 10, {}, nullptr);
    return machine->set_aside;
  };
  const auto log = create("000001.log");
  EXPECT_EQ(set_aside(*log, 0), 100u);
  EXPECT_EQ(set_aside(*log, 90), 0u) << "it has its block";
  has_room_to_spare = false;
  EXPECT_EQ(set_aside(*log, 91), 0u);
  has_room_to_spare = true;
  EXPECT_EQ(set_aside(*log, 95), 100u);
  EXPECT_EQ(set_aside(*create("000002.sst"), 0), 0u);
}

// RocksDB's writer ends the process when it is used again after an error (7.8.3, as Debian builds it).
TEST_F(WatchedFileSystemTest, WhatCannotBeNotedInTheLogOfEventsIsDropped) {
  std::shared_ptr<rocksdb::Logger> events;
  ASSERT_TRUE(watched.NewLogger((folder.path() / "LOG").string(), {}, &events, nullptr).ok());
  const auto tell = [&](const std::string& text) {
    rocksdb::Error(events, "%s", text.c_str());
    events->Flush();
  };
  tell("before");
  machine->is_full = true;
  tell("nobody will read this");
  tell("nor this");
  machine->is_full = false;
  machine->fails = true;
  tell("nor this");
  machine->fails = false;
  tell("after");
  EXPECT_FALSE(fail_stop->has_failed());
  ASSERT_TRUE(events->Close().ok());
  std::ifstream file(folder.path() / "LOG");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(text.find("before"), text.npos);
  EXPECT_NE(text.find("after"), text.npos);
  EXPECT_EQ(text.find("nobody"), text.npos);

  ASSERT_TRUE(watched.NewLogger((folder.path() / "no folder" / "LOG").string(), {}, &events, nullptr).ok());
  tell("nobody hears this");
}

}  // namespace
}  // namespace cubby
