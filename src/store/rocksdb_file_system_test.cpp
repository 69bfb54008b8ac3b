#include "store/rocksdb_file_system.hpp"

#include <gtest/gtest.h>

#include <functional>
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
  WatchedFileSystem watched{machine, fail_stop};
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

}  // namespace
}  // namespace cubby
