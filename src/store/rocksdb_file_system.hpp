// The file system as the store sees it: the machine's, and somebody who watches.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "store/fail_stop.hpp"

namespace cubby {

// Everything that the store writes goes through here, which holds these promises whatever RocksDB does:
//  * The first sync that fails, of a file or a directory, and the first write that fails for another reason
//    than a lack of space, is told to `fail_stop`.
//  * A quota that is used up counts as a lack of space.
//  * A log gets its first record after all of the log before it is on stable storage, so that a crash cannot
//    take the end of one and leave the beginning of the next.
//  * A file that could not be synced once is never said to be synced.
//  * A file without a change since its last sync is not synced again. RocksDB syncs a closed log once more,
//    and where two of its threads want to and the first one fails, the second ends the process by an
//    assertion (7.8.3, as Debian builds it).
//  * For the same reason, what RocksDB says in its own log of events (`LOG`) is dropped where it cannot be
//    written, and nobody hears of it.
//  * What is written of tables is asked for, on the thread that writes, and no blocks are set aside for them;
//    for other files only where there is room to spare.
// Thread-safe.
class WatchedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  struct Room {
    std::function<bool(std::uint64_t bytes)>
        for_table;  // so many more; 0: a new one. False: there is no space
    std::function<bool(std::uint64_t bytes)> to_set_aside;  // of the disk, for writes to come
  };

  WatchedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& target, std::shared_ptr<FailStop> fail_stop,
                    Room room)
      : FileSystemWrapper(target), fail_stop_(std::move(fail_stop)), room_(std::move(room)) {}

  const char* Name() const override { return "CubbyWatched"; }

  // Of the logs that were begun here and are still there, as RocksDB has written them.
  std::uint64_t log_bytes() const;

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& name, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewLogger(const std::string& name, const rocksdb::IOOptions& options,
                              std::shared_ptr<rocksdb::Logger>* result,
                              rocksdb::IODebugContext* context) override;

 private:
  class File;
  class TableFile;
  class EventFile;
  class Directory;
  struct OpenFile;

  const std::shared_ptr<FailStop> fail_stop_;
  const Room room_;
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<OpenFile> last_log_;
  std::map<std::string, std::shared_ptr<OpenFile>> logs_;
};

}  // namespace cubby
