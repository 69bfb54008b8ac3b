#include "store/rocksdb_file_system.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

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

// A file that is open, for as long as it is: the next log may have to sync it.
struct WatchedFileSystem::OpenFile {
  std::mutex mutex;                         // guards the pointer
  rocksdb::FSWritableFile* file = nullptr;  // nothing: closed

  std::atomic<std::uint64_t> bytes_appended = 0;

  // After the change: a sync that began before it may have missed it.
  void note_change() { changes_.fetch_add(1); }

  // REQUIRES: `sync` puts on stable storage what was changed before its call.
  template <class Sync>
  IOStatus sync_changes(Sync sync) {
    // Of two at once Linux tells one only that the disk has failed.
    const std::scoped_lock lock(syncing_);
    if (has_failed_) return IOStatus::IOError("an earlier sync of it has failed");
    const std::uint64_t changes = changes_.load();
    if (synced_changes_ == changes) return IOStatus::OK();
    IOStatus status = sync();
    if (status.ok()) synced_changes_ = changes;
    has_failed_ = !status.ok();
    return status;
  }

  void note_failed_sync() {
    const std::scoped_lock lock(syncing_);
    has_failed_ = true;
  }

 private:
  std::atomic<std::uint64_t> changes_{1};  // that it is new
  std::mutex syncing_;                     // guards the rest
  std::uint64_t synced_changes_ = 0;       // of these; at least
  bool has_failed_ = false;
};

class WatchedFileSystem::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::string name, std::unique_ptr<rocksdb::FSWritableFile> file, std::shared_ptr<FailStop> fail_stop,
       const Room& room, std::shared_ptr<OpenFile> self, std::shared_ptr<OpenFile> before)
      : FSWritableFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        fail_stop_(std::move(fail_stop)),
        room_(room),
        self_(std::move(self)),
        before_(std::move(before)) {
    self_->file = target();
  }
  ~File() override { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* context) override {
    if (auto before = sync_before(options, context); !before.ok()) return before;
    return written(*fail_stop_, name_, appended(data, target()->Append(data, options, context)));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification, IODebugContext* context) override {
    if (auto before = sync_before(options, context); !before.ok()) return before;
    return written(*fail_stop_, name_,
                   appended(data, target()->Append(data, options, verification, context)));
  }
  // For direct I/O, which is not used.
  IOStatus PositionedAppend(const rocksdb::Slice&, std::uint64_t, const IOOptions&,
                            IODebugContext*) override {
    return IOStatus::NotSupported("PositionedAppend");
  }
  IOStatus PositionedAppend(const rocksdb::Slice&, std::uint64_t, const IOOptions&,
                            const rocksdb::DataVerificationInfo&, IODebugContext*) override {
    return IOStatus::NotSupported("PositionedAppend");
  }
  void PrepareWrite(std::size_t offset, std::size_t bytes, const IOOptions& options,
                    IODebugContext* context) override {
    std::size_t block = 0;
    std::size_t blocks = 0;
    target()->GetPreallocationStatus(&block, &blocks);
    // Where there is less than a block, the kernel takes it all before it says so.
    const bool sets_aside = offset + bytes > block * blocks;
    if (!sets_aside || room_.to_set_aside(block)) target()->PrepareWrite(offset, bytes, options, context);
  }
  IOStatus Truncate(std::uint64_t bytes, const IOOptions& options, IODebugContext* context) override {
    return changed(target()->Truncate(bytes, options, context));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    const auto sync = [&] { return target()->Sync(options, context); };
    return synced(*fail_stop_, name_, self_->sync_changes(sync));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    const auto sync = [&] { return target()->Fsync(options, context); };
    return synced(*fail_stop_, name_, self_->sync_changes(sync));
  }
  IOStatus RangeSync(std::uint64_t offset, std::uint64_t count, const IOOptions& options,
                     IODebugContext* context) override {
    auto status = synced(*fail_stop_, name_, target()->RangeSync(offset, count, options, context));
    if (!status.ok()) self_->note_failed_sync();
    return status;
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

  IOStatus appended(const rocksdb::Slice& data, IOStatus status) {
    if (status.ok()) self_->bytes_appended += data.size();
    return changed(std::move(status));
  }

  IOStatus changed(IOStatus status) {
    self_->note_change();
    return status;
  }

  IOStatus sync_before(const IOOptions& options, IODebugContext* context) {
    if (!before_) return IOStatus::OK();
    auto status = sync(*before_, options, context);
    if (status.ok()) before_ = nullptr;
    return synced(*fail_stop_, "the log before " + name_, std::move(status));
  }

  // One that is closed was synced before, or is needed no more.
  static IOStatus sync(OpenFile& log, const IOOptions& options, IODebugContext* context) {
    const std::scoped_lock lock(log.mutex);
    if (!log.file) return IOStatus::OK();
    return log.sync_changes([&] { return log.file->Sync(options, context); });
  }

  const std::string name_;
  const std::shared_ptr<FailStop> fail_stop_;
  const Room& room_;
  const std::shared_ptr<OpenFile> self_;
  std::shared_ptr<OpenFile> before_;  // the log that must be on disk before this has a record
};

namespace {

bool is_table(const std::string& name) {
  return name.ends_with(".sst") || name.ends_with(".blob");
}

IOStatus refused() {
  return IOStatus::NoSpace("what is left of the disk is not for compactions");
}

// Where what RocksDB tells of itself cannot be written at all.
class SilentLogger final : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
  std::size_t GetLogFileSize() const override { return 0; }
};

}  // namespace

// A table, or what a table keeps beside it.
class WatchedFileSystem::TableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  TableFile(std::unique_ptr<rocksdb::FSWritableFile> file, const Room& room)
      : FSWritableFileOwnerWrapper(std::move(file)), room_(room) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* context) override {
    if (!room_.for_table(data.size())) return refused();
    return target()->Append(data, options, context);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification, IODebugContext* context) override {
    if (!room_.for_table(data.size())) return refused();
    return target()->Append(data, options, verification, context);
  }
  // What it would set aside nobody has asked for.
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}

 private:
  const Room& room_;
};

// What RocksDB tells of itself.
class WatchedFileSystem::EventFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* context) override {
    target()->Append(data, options, context).PermitUncheckedError();
    return IOStatus::OK();
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* context) override {
    return Append(data, options, context);
  }
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
  if (is_table(name) && !room_.for_table(0)) return refused();
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = with_quota(target()->NewWritableFile(name, options, &file, context));
  if (!status.ok()) return status;
  if (std::filesystem::path(name).filename() == "LOG") {
    *result = std::make_unique<EventFile>(std::move(file));
    return status;
  }
  auto self = std::make_shared<OpenFile>();
  std::shared_ptr<OpenFile> before;
  if (name.ends_with(".log")) {
    const std::scoped_lock lock(mutex_);
    before = std::exchange(last_log_, self);
    logs_[name] = self;
  }
  *result =
      std::make_unique<File>(name, std::move(file), fail_stop_, room_, std::move(self), std::move(before));
  if (is_table(name)) *result = std::make_unique<TableFile>(std::move(*result), room_);
  return status;
}

IOStatus WatchedFileSystem::DeleteFile(const std::string& name, const IOOptions& options,
                                       IODebugContext* context) {
  auto status = target()->DeleteFile(name, options, context);
  if (status.ok() && name.ends_with(".log")) {
    const std::scoped_lock lock(mutex_);
    logs_.erase(name);
  }
  return status;
}

std::uint64_t WatchedFileSystem::log_bytes() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [name, log] : logs_) sum += log->bytes_appended;
  return sum;
}

// The target's would write beside this file system.
IOStatus WatchedFileSystem::NewLogger(const std::string& name, const IOOptions& options,
                                      std::shared_ptr<rocksdb::Logger>* result, IODebugContext* context) {
  if (!FileSystem::NewLogger(name, options, result, context).ok()) *result = std::make_shared<SilentLogger>();
  return IOStatus::OK();
}

IOStatus WatchedFileSystem::CreateDirIfMissing(const std::string& name, const IOOptions& options,
                                               IODebugContext* context) {
  return with_quota(target()->CreateDirIfMissing(name, options, context));
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
