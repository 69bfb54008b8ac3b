// The directory that holds a server's data: made, marked with its format and locked against a second process.
#pragma once

#include <filesystem>
#include <string>

#include "core/error.hpp"

namespace cubby {

// Holds the lock while it lives. Uncopyable, one owner.
class DataDirectory {
 public:
  // Makes the directory (mode 0700) when there is none. Errors: storage_failed, with a sentence for the
  // operator: in use by another process, holds something else, written by a format that this program does not
  // know, not accessible.
  static Result<DataDirectory> open(const std::filesystem::path& path);

  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&&) = delete;
  ~DataDirectory();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path database() const { return path_ / "db"; }
  std::filesystem::path values() const { return path_ / "values"; }

  // True until `mark` has been called for this directory, once in its life: the database has yet to be made.
  bool is_new() const { return is_new_; }

  // Writes the format marker, durably: from now on a missing database is damage, not a first start.
  Result<void> mark();

 private:
  DataDirectory(std::filesystem::path path, int lock, bool is_new);

  std::filesystem::path path_;
  int lock_;
  bool is_new_;
};

// Makes a directory and those above it, durably. Throws std::filesystem::filesystem_error. Errors:
// storage_failed.
Result<void> make_directories(const std::filesystem::path& path);

// Makes the names in a directory durable. Errors: storage_failed.
Result<void> sync_directory(const std::filesystem::path& directory);

// Writes a file so that after a crash it is there whole or not at all. `mode` as for chmod.
// Errors: storage_failed.
Result<void> write_file_durably(const std::filesystem::path& path, const std::string& content, unsigned mode);

}  // namespace cubby
