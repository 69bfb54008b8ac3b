// Large values as files: one immutable file each, written while the value arrives, read while it is sent.
// docs/internals/on_disk_format.md has the layout.
//
// A file is a sequence of pieces, each with a checksum that covers its place in this file, so that a piece
// found elsewhere is corrupt. It is on stable storage, with its folder, before anything names it; a reader
// that has it open reads it to its end, also when the file is removed meanwhile.
//
// All calls may wait for the disk.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "store/record.hpp"

namespace cubby {

// Owns a file descriptor.
class FileHandle {
 public:
  explicit FileHandle(int descriptor = -1) : descriptor_(descriptor) {}
  FileHandle(FileHandle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileHandle();

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

// Where a folder has the value file, if it has it.
std::filesystem::path value_file_path(const std::filesystem::path& folder, BodyId id);

// The folder of all value files. Those that were written between one start and the next have a folder of
// their own, named by the upper part of their ids. Thread-safe.
class ValueFiles {
 public:
  // Whatever is changed goes through `file_system`.
  ValueFiles(std::filesystem::path folder, std::shared_ptr<rocksdb::FileSystem> file_system)
      : folder_(std::move(folder)), file_system_(std::move(file_system)) {}

  std::filesystem::path path_of(BodyId id) const { return value_file_path(folder_, id); }

  // A new file for writing. Errors: storage_failed, storage_full.
  Result<std::unique_ptr<rocksdb::FSWritableFile>> create(BodyId id);
  // Nothing: there is no such file. Errors: storage_failed.
  Result<std::optional<FileHandle>> open(BodyId id) const;
  // Makes the names of new and removed files of one start durable. Errors: storage_failed.
  Result<void> sync_folder(std::uint64_t start) const;
  // A file that is not there is no error. Errors: storage_failed.
  Result<void> remove(BodyId id) const;

  // The starts that have a folder, and the files of one; in no order. Foreign names are left out.
  // Errors: storage_failed.
  Result<std::vector<std::uint64_t>> starts() const;
  Result<std::vector<BodyId>> files_of(std::uint64_t start) const;

 private:
  Result<void> make_folder(std::uint64_t start);
  void forget_folder();
  rocksdb::IOStatus sync(const std::filesystem::path& folder) const;

  const std::filesystem::path folder_;
  const std::shared_ptr<rocksdb::FileSystem> file_system_;
  std::mutex making_folder_;                    // guards what follows
  std::optional<std::uint64_t> durable_start_;  // the last one whose folder was made
};

// Writes one file. Used by one thread at a time.
class ValueFileWriter {
 public:
  // Makes the file. Errors: storage_failed, storage_full.
  static Result<ValueFileWriter> create(ValueFiles& files, BodyId id);

  // Adds a piece, sealing it in place. REQUIRES: all but the last have limits::value_piece_bytes.
  // Errors: storage_failed, storage_full.
  Result<void> append(std::string& piece);

  // Puts the file and its name on stable storage. Errors: storage_failed; nothing is known about the file
  // then.
  Result<void> sync();

 private:
  ValueFileWriter(ValueFiles& files, BodyId id, std::unique_ptr<rocksdb::FSWritableFile> file)
      : files_(&files), id_(id), file_(std::move(file)) {}

  ValueFiles* files_;
  BodyId id_;
  std::unique_ptr<rocksdb::FSWritableFile> file_;
  std::uint32_t pieces_count_ = 0;
  std::uint64_t bytes_written_ = 0;
};

// Reads one file. Used by one thread at a time.
class ValueFileReader {
 public:
  ValueFileReader(FileHandle file, BodyId id, std::uint64_t value_bytes)
      : file_(std::move(file)), id_(id), value_bytes_(value_bytes) {}

  // Reads the next piece into `buffer` and checks it; a view of nothing at the end. The disk is asked for the
  // one after it too. Errors: storage_corrupt, storage_failed.
  Result<std::string_view> read(std::string& buffer);

 private:
  FileHandle file_;
  BodyId id_;
  std::uint64_t value_bytes_;
  std::uint32_t next_piece_ = 0;
};

}  // namespace cubby
