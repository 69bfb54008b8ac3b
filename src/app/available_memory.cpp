#include "app/available_memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace cubby {
namespace {

std::uint64_t machine_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// The path below the mount, as in the line "0::/system.slice/cubby.service"; other lines are of version 1.
std::filesystem::path group_of_this_process(const std::filesystem::path& membership) {
  constexpr std::string_view start = "0::/";
  std::ifstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(start)) return line.substr(start.size());
  }
  return {};
}

}  // namespace

std::uint64_t available_memory_bytes(const std::filesystem::path& cgroups,
                                     const std::filesystem::path& membership) {
  std::uint64_t least = machine_bytes();
  const auto bound_by = [&](const std::filesystem::path& group) {
    std::uint64_t bytes = 0;  // or "max", which is no number
    if (std::ifstream(group / "memory.max") >> bytes) least = std::min(least, bytes);
  };
  std::filesystem::path group = cgroups;
  bound_by(group);
  for (const auto& name : group_of_this_process(membership)) bound_by(group /= name);
  return least;
}

}  // namespace cubby
