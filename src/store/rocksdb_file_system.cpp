#include "store/rocksdb_file_system.hpp"

#include <cerrno>
#include <cstring>

namespace cubby {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

IOStatus synced(FailStop& fail_stop, const std::string& name, IOStatus status) {
  if (!status.ok()) fail_stop.fail("cannot sync " + name + ": " + status.ToString());
  return status;
}

// A quota that is used up is a lack of space, for which RocksDB knows one errno only and keeps the text of
// others.
IOStatus with_quota(IOStatus status) {
  static const std::string text = std::strerror(EDQUOT);
  const bool is_quota =
      !status.ok() && !status.IsNoSpace() && status.ToString().find(text) != std::string::npos;
  return is_quota ? IOStatus::NoSpace(status.ToString()) : status;
}

// A lack of space is for who writes to judge: of a value or of a compaction nothing is lost by it.
IOStatus written(FailStop& fail_stop, const std::string& name, IOStatus result) {
  IOStatus status = with_quota(std::move(result));
  if (!status.ok() && !status.IsNoSpace()) fail_stop.fail("cannot write " + name + ": " + status.ToString());
  return status;
}

}  // namespace

class WatchedFileSystem::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::string name, std::unique_ptr<rocksdb::FSWritableFile> file, std::shared_ptr<FailStop> fail_stop,
       std::shared_ptr<OpenFile> self, std::shared_ptr<OpenFile> before)
      : FSWritableFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        fail_stop_(std::move(fail_stop)),
        self_(std::move(self)),
        before_(std::move(before)) {
    self_->file = target();
  }
  ~File() override { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* context) override {
    if (auto before = sync_before(options, context); !before.ok()) return before;
    return written(*fail_stop_, name_, target()->Append(data, options, context));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification, IODebugContext* context) override {
    if (auto before = sync_before(options, context); !before.ok()) return before;
    return written(*fail_stop_, name_, target()->Append(data, options, verification, context));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    return synced(*fail_stop_, name_, target()->Sync(options, context));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return synced(*fail_stop_, name_, target()->Fsync(options, context));
  }
  IOStatus RangeSync(std::uint64_t offset, std::uint64_t count, const IOOptions& options,
                     IODebugContext* context) override {
    return synced(*fail_stop_, name_, target()->RangeSync(offset, count, options, context));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    close();
    return target()->Close(options, context);
  }

 private:
  void close() {
    const std::scoped_lock lock(self_->mutex);
    self_->file = nullptr;
  }

  // One that is closed was synced before, or is needed no more.
  IOStatus sync_before(const IOOptions& options, IODebugContext* context) {
    const auto before = std::exchange(before_, nullptr);
    if (!before) return IOStatus::OK();
    const std::scoped_lock lock(before->mutex);
    if (!before->file) return IOStatus::OK();
    return synced(*fail_stop_, "the log before " + name_, before->file->Sync(options, context));
  }

  const std::string name_;
  const std::shared_ptr<FailStop> fail_stop_;
  const std::shared_ptr<OpenFile> self_;
  std::shared_ptr<OpenFile> before_;  // the log that must be on disk before this has a record
};

class WatchedFileSystem::Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::string name, std::unique_ptr<rocksdb::FSDirectory> directory,
            std::shared_ptr<FailStop> fail_stop)
      : FSDirectoryWrapper(std::move(directory)), name_(std::move(name)), fail_stop_(std::move(fail_stop)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return synced(*fail_stop_, name_, FSDirectoryWrapper::Fsync(options, context));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* context,
                               const rocksdb::DirFsyncOptions& how) override {
    return synced(*fail_stop_, name_, FSDirectoryWrapper::FsyncWithDirOptions(options, context, how));
  }

 private:
  const std::string name_;
  const std::shared_ptr<FailStop> fail_stop_;
};

IOStatus WatchedFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                            std::unique_ptr<rocksdb::FSWritableFile>* result,
                                            IODebugContext* context) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = with_quota(target()->NewWritableFile(name, options, &file, context));
  if (!status.ok()) return status;
  auto self = std::make_shared<OpenFile>();
  std::shared_ptr<OpenFile> before;
  if (name.ends_with(".log")) {
    const std::scoped_lock lock(mutex_);
    before = std::exchange(last_log_, self);
  }
  *result = std::make_unique<File>(name, std::move(file), fail_stop_, std::move(self), std::move(before));
  return status;
}

IOStatus WatchedFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                         std::unique_ptr<rocksdb::FSDirectory>* result,
                                         IODebugContext* context) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  auto status = target()->NewDirectory(name, options, &directory, context);
  if (status.ok()) *result = std::make_unique<Directory>(name, std::move(directory), fail_stop_);
  return status;
}

}  // namespace cubby
