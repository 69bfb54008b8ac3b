#pragma once

#include <cstdint>
#include <filesystem>

namespace cubby {

// Bytes of memory that this process may use: the machine's, or what its control group or any group around it
// allows (`memory.max`), whichever is least. Control groups of version 2; without them the machine's. Never
// fails: a file that cannot be read bounds nothing. `cgroups` is where they are mounted, `membership` the
// file that says in which one the process is.
std::uint64_t available_memory_bytes(const std::filesystem::path& cgroups = "/sys/fs/cgroup",
                                     const std::filesystem::path& membership = "/proc/self/cgroup");

}  // namespace cubby
