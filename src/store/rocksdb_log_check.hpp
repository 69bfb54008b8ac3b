// Tells the torn end of a log, which a crash leaves, from damage, which must not be taken for one.
//
// RocksDB stops at what it cannot read near the end of a log, or at what it takes for the rest of an older
// one, and drops what follows: also if one bit of a length or a type has changed and whole records follow.
#pragma once

#include <filesystem>
#include <string>

#include "core/error.hpp"

namespace cubby {

enum class LogCheck {
  structure,  // lengths and types alone, which costs nothing to speak of; checksums are RocksDB's matter
  checksums,  // reads everything
};

// Looks at the logs and at the manifest of the database in `folder`, none of which anybody may have open.
// What a crash has left at the end of the last log is cut off, and the logs are durable as they are then.
// Errors: storage_corrupt, with the file and the place; storage_failed.
Result<void> check_logs(const std::filesystem::path& folder, LogCheck how);

}  // namespace cubby
