// The file system as the store sees it: the machine's, and somebody who watches.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <mutex>

#include "store/fail_stop.hpp"

namespace cubby {

// Everything that the store writes goes through here, which holds five promises whatever RocksDB does:
//  * The first sync that fails, of a file or a directory, and the first write that fails for another reason
//    than a lack of space, is told to `fail_stop`.
//  * A quota that is used up counts as a lack of space.
//  * A log gets its first record after all of the log before it is on stable storage, so that a crash cannot
//    take the end of one and leave the beginning of the next.
//  * A file that could not be synced once is never said to be synced.
//  * A file without a change since its last sync is not synced again. RocksDB syncs a closed log once more,
//    and where two of its threads want to and the first one fails, the second ends the process by an
//    assertion (7.8.3, as Debian builds it).
// Thread-safe.
class WatchedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  WatchedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& target, std::shared_ptr<FailStop> fail_stop)
      : FileSystemWrapper(target), fail_stop_(std::move(fail_stop)) {}

  const char* Name() const override { return "CubbyWatched"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* context) override;

 private:
  class File;
  class Directory;
  struct OpenFile;

  const std::shared_ptr<FailStop> fail_stop_;
  std::mutex mutex_;
  std::shared_ptr<OpenFile> last_log_;
};

}  // namespace cubby
