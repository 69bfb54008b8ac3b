// Copies of value files, in folders of backups and out of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <tuple>

#include "core/error.hpp"
#include "store/record.hpp"

namespace cubby {

// What a copy is of: one content of a value file.
struct ValueCopy {
  BodyId id{};
  std::uint64_t fingerprint = 0;  // the hash of the seals of its pieces
  std::uint64_t bytes = 0;

  bool operator==(const ValueCopy&) const = default;
  bool operator<(const ValueCopy& other) const {
    return std::tie(id, fingerprint) < std::tie(other.id, other.fingerprint);
  }
};

// All functions wait for the disk. Errors of all: storage_failed.

// What the file has, at the cost of reading its seals.
Result<ValueCopy> describe_value_file(const std::filesystem::path& path, BodyId id);

// Reads the file to its end against its seals. Errors: storage_corrupt, also if it is another content.
Result<void> check_value_file(const std::filesystem::path& path, const ValueCopy& copy);

// The same, and the copy is there whole, and durable but for its name, or not at all.
Result<void> copy_value_file(const std::filesystem::path& from, const std::filesystem::path& to,
                             const ValueCopy& copy);

// Makes the names in these folders durable.
Result<void> sync_folders(const std::set<std::filesystem::path>& folders);

}  // namespace cubby
