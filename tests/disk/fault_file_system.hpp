// A disk whose power can be cut, and whose calls fail when they are told to. It stands between the store and
// real files, and keeps account of what a real disk would have promised: the content of a file is there after
// a cut as far as the file was synced, and a name as it was when its directory was synced. (Syncs are only
// noted, so that a test is no slower than its computing.) Thread-safe.
#pragma once

#include <rocksdb/file_system.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace cubby::disk {

namespace fs = std::filesystem;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// What may fail.
enum class Call { sync, write, any };

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  // What was removed and may come back waits in `attic`, which must be on the same file system.
  explicit FaultFileSystem(fs::path attic)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), attic_(std::move(attic)) {
    fs::create_directories(attic_);
  }
  const char* Name() const override { return "CubbyFault"; }

  // From the n-th change on (0: the next) nothing is done any more, and every call fails.
  void cut_power_at(std::uint64_t n) {
    const std::scoped_lock lock(mutex_);
    cut_at_ = changes_ + n;
  }
  void cut_power_now() { cut_power_at(0); }

  // The n-th call of a kind (0: the next) fails with `error`, and only that one. What was to be synced by it
  // never will be: later syncs succeed and leave it out, as Linux does.
  void fail_at(Call kind, std::uint64_t n, IOStatus error) {
    const std::scoped_lock lock(mutex_);
    fault_ = Fault{kind, n, std::move(error)};
  }
  // Is called when it does, before the caller hears of it.
  void on_fault(std::function<void()> call) {
    const std::scoped_lock lock(mutex_);
    on_fault_ = std::move(call);
  }
  // What failed, by its name; empty: nothing yet.
  std::string failed() const {
    const std::scoped_lock lock(mutex_);
    return failed_;
  }
  std::uint64_t changes() const {
    const std::scoped_lock lock(mutex_);
    return changes_;
  }

  // How much the disk holds; what is written beyond finds no space. Files that it has already do not count.
  void set_size(std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    size_ = bytes;
  }
  std::uint64_t free_bytes() const {
    const std::scoped_lock lock(mutex_);
    return size_ - std::min(size_, used_bytes());
  }
  // After any write so far.
  std::uint64_t least_free_bytes() const {
    const std::scoped_lock lock(mutex_);
    return least_free_bytes_;
  }

  // Makes the files what the disk may hold after a cut: of each directory some of the changes since its sync,
  // oldest first; of each file some of the bytes since its sync. Then the power is back.
  // REQUIRES: nobody has a file open.
  void lose_what_is_not_synced(std::mt19937_64& random);

 private:
  class File;
  class Directory;

  struct Content {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
    bool is_spoilt = false;  // a sync has failed: what follows is lost
  };
  // A change of a directory that is not durable yet.
  struct Change {
    fs::path directory;
    std::function<void()> undo;
    fs::path in_attic{};  // goes when the change is durable
  };
  struct Fault {
    Call kind;
    std::uint64_t n;
    IOStatus error;
  };

  // Whether the call may go on. REQUIRES: the lock.
  IOStatus begin(Call kind, const std::string& name) {
    if (changes_++ >= cut_at_) return IOStatus::IOError("the power is out");
    if (fault_ && (fault_->kind == Call::any || fault_->kind == kind) && fault_->n-- == 0) {
      failed_ = name;
      const IOStatus error = fault_->error;
      fault_.reset();
      on_fault_();
      return error;
    }
    return IOStatus::OK();
  }

  // What was removed takes nothing, though it may come back. REQUIRES: the lock.
  std::uint64_t used_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [name, content] : contents_)
      sum += name.starts_with(attic_.string()) ? 0 : content.written;
    return sum;
  }

  // The file and what is known of it, to another name.
  void move(const fs::path& from, const fs::path& to) {
    fs::rename(from, to);
    if (auto known = contents_.extract(from.string())) {
      known.key() = to.string();
      contents_.insert(std::move(known));
    }
  }
  void forget(const fs::path& path) {
    fs::remove_all(path);
    std::erase_if(contents_, [&](const auto& each) {
      return each.first == path.string() || each.first.starts_with(path.string() + "/");
    });
  }
  fs::path put_into_attic(const fs::path& path) {
    const fs::path place = attic_ / std::to_string(attic_count_++);
    move(path, place);
    return place;
  }
  void settle(const fs::path& directory) {
    std::erase_if(pending_, [&](const Change& each) {
      if (each.directory != directory) return false;
      if (!each.in_attic.empty()) forget(each.in_attic);
      return true;
    });
  }

 public:
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* context) override;
  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* context) override;
  IOStatus CreateDir(const std::string& name, const IOOptions& options, IODebugContext* context) override {
    return make_directory(name, [&] { return target()->CreateDir(name, options, context); });
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions& options,
                              IODebugContext* context) override {
    return make_directory(name, [&] { return target()->CreateDirIfMissing(name, options, context); });
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) override {
    const std::scoped_lock lock(mutex_);
    if (auto begun = begin(Call::any, name); !begun.ok()) return begun;
    if (!fs::exists(name)) return IOStatus::PathNotFound(name);
    const fs::path place = put_into_attic(name);
    pending_.push_back({fs::path(name).parent_path(), [this, place, name] { move(place, name); }, place});
    return IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    const std::scoped_lock lock(mutex_);
    if (auto begun = begin(Call::any, to); !begun.ok()) return begun;
    const fs::path place = fs::exists(to) ? put_into_attic(to) : fs::path();
    move(from, to);
    const auto undo = [this, from, to, place] {
      move(to, from);
      if (!place.empty()) move(place, to);
    };
    pending_.push_back({fs::path(to).parent_path(), undo, place});
    return IOStatus::OK();
  }

 private:
  template <class Make>
  IOStatus make_directory(const std::string& name, Make make) {
    const std::scoped_lock lock(mutex_);
    if (fs::exists(name)) return make();
    if (auto begun = begin(Call::any, name); !begun.ok()) return begun;
    if (auto made = make(); !made.ok()) return made;
    pending_.push_back({fs::path(name).parent_path(), [this, name] { forget(name); }});
    return IOStatus::OK();
  }

  const fs::path attic_;
  mutable std::mutex mutex_;  // guards what follows
  std::uint64_t changes_ = 0;
  std::uint64_t cut_at_ = ~std::uint64_t{0};
  std::optional<Fault> fault_;
  std::string failed_;
  std::uint64_t size_ = std::uint64_t{1} << 50;
  std::uint64_t least_free_bytes_ = size_;
  std::function<void()> on_fault_ = [] {};
  std::map<std::string, Content> contents_;  // by path
  std::vector<Change> pending_;              // oldest first
  std::uint64_t attic_count_ = 0;
};

class FaultFileSystem::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FaultFileSystem& disk, std::string name, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* context) override {
    return append(data, [&](const rocksdb::Slice& part) { return target()->Append(part, options, context); });
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return sync(); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return sync(); }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  // One that fails has written a part.
  template <class Write>
  IOStatus append(const rocksdb::Slice& data, Write write) {
    const std::scoped_lock lock(disk_.mutex_);
    IOStatus begun = disk_.begin(Call::write, name_);
    const bool is_out = disk_.changes_ > disk_.cut_at_;
    if (is_out) return begun;
    const std::uint64_t free = disk_.size_ - std::min(disk_.size_, disk_.used_bytes());
    if (begun.ok() && data.size() > free) begun = IOStatus::NoSpace("No space left on device");
    const rocksdb::Slice part(data.data(), begun.ok() ? data.size() : std::min(data.size() / 2, free));
    if (auto written = write(part); !written.ok()) return written;
    disk_.contents_[name_].written += part.size();
    disk_.least_free_bytes_ = std::min(disk_.least_free_bytes_, free - part.size());
    return begun;
  }

  IOStatus sync() {
    const std::scoped_lock lock(disk_.mutex_);
    auto& content = disk_.contents_[name_];
    const IOStatus begun = disk_.begin(Call::sync, name_);
    if (!begun.ok()) {
      content.is_spoilt = true;
      return begun;
    }
    if (!content.is_spoilt) content.synced = content.written;
    return begun;
  }

  FaultFileSystem& disk_;
  const std::string name_;
};

class FaultFileSystem::Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(FaultFileSystem& disk, fs::path path, std::unique_ptr<rocksdb::FSDirectory> directory)
      : FSDirectoryWrapper(std::move(directory)), disk_(disk), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return sync(); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*, const rocksdb::DirFsyncOptions&) override {
    return sync();
  }

 private:
  IOStatus sync() {
    const std::scoped_lock lock(disk_.mutex_);
    if (auto begun = disk_.begin(Call::sync, path_.string()); !begun.ok()) return begun;
    disk_.settle(path_);
    return IOStatus::OK();
  }

  FaultFileSystem& disk_;
  const fs::path path_;
};

inline IOStatus FaultFileSystem::NewWritableFile(const std::string& name, const FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSWritableFile>* result,
                                                 IODebugContext* context) {
  const std::scoped_lock lock(mutex_);
  if (!fs::exists(fs::path(name).parent_path())) return IOStatus::PathNotFound(name);
  if (auto begun = begin(Call::any, name); !begun.ok()) return begun;
  const bool is_new = !fs::exists(name);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  if (auto made = target()->NewWritableFile(name, options, &file, context); !made.ok()) return made;
  contents_[name] = {};
  if (is_new) pending_.push_back({fs::path(name).parent_path(), [this, name] { forget(name); }});
  *result = std::make_unique<File>(*this, name, std::move(file));
  return IOStatus::OK();
}

inline IOStatus FaultFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                              std::unique_ptr<rocksdb::FSDirectory>* result,
                                              IODebugContext* context) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  if (auto opened = target()->NewDirectory(name, options, &directory, context); !opened.ok()) return opened;
  fs::path path = fs::path(name);
  if (!path.has_filename()) path = path.parent_path();
  *result = std::make_unique<Directory>(*this, path, std::move(directory));
  return IOStatus::OK();
}

inline void FaultFileSystem::lose_what_is_not_synced(std::mt19937_64& random) {
  const std::scoped_lock lock(mutex_);
  // Often nothing of it is there, or all; between them, everything is possible.
  const auto some_of = [&](std::uint64_t count) {
    switch (random() % 3) {
      case 0:
        return std::uint64_t{0};
      case 1:
        return count;
      default:
        return random() % (count + 1);
    }
  };
  std::map<fs::path, std::uint64_t> kept;
  for (const Change& each : pending_) ++kept[each.directory];
  for (auto& [directory, count] : kept) count = some_of(count);
  std::vector<Change> lost;
  for (Change& each : pending_) {
    auto& left = kept[each.directory];
    if (left == 0) {
      lost.push_back(std::move(each));
    } else {
      --left;
      if (!each.in_attic.empty()) forget(each.in_attic);
    }
  }
  for (auto each = lost.rbegin(); each != lost.rend(); ++each) {
    // Its directory may be gone.
    if (fs::exists(each->directory)) each->undo();
  }
  for (const auto& [name, content] : contents_) {
    if (content.written <= content.synced || !fs::exists(name)) continue;
    fs::resize_file(name, content.synced + some_of(content.written - content.synced));
    // The length of a log, which grows over blocks, may be on the disk before its bytes are.
    if (random() % 4 == 0 && name.ends_with(".log")) fs::resize_file(name, content.written);
  }
  for (const auto& each : fs::directory_iterator(attic_)) fs::remove_all(each.path());
  pending_.clear();
  contents_.clear();
  fault_.reset();
  failed_.clear();
  cut_at_ = ~std::uint64_t{0};
}

}  // namespace cubby::disk
