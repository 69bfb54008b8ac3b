// Looks through a data directory that no server has open: does everything match its checksum, its counters
// and what names it?
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/error.hpp"

namespace cubby {

struct CheckOptions {
  std::filesystem::path data_directory;
  bool repairs_usage = false;  // sets counters right that are not
};

struct CheckReport {
  std::uint64_t namespaces = 0;
  std::uint64_t keys = 0;     // expired ones too
  std::uint64_t damaged = 0;  // rows, files and counters
  std::uint64_t orphans = 0;  // rows and files that nothing names: they take space and do no harm
  std::uint64_t repaired = 0;
};

// Reads everything. `tell` is given a sentence for each finding, as it is found.
// Errors: storage_failed, storage_corrupt (the directory cannot be opened), with a sentence for the operator.
Result<CheckReport> check_data_directory(const CheckOptions& options,
                                         const std::function<void(const std::string&)>& tell);

}  // namespace cubby
