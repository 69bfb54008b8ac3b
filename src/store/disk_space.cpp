#include "store/disk_space.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/limits.hpp"

namespace cubby {

Result<DiskSize> disk_size(const std::filesystem::path& path) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0)
    return fail(Errc::storage_failed,
                "cannot measure the disk of " + path.string() + ": " + std::strerror(errno));
  return DiskSize{std::uint64_t{disk.f_blocks} * disk.f_frsize, std::uint64_t{disk.f_bavail} * disk.f_frsize};
}

std::uint64_t default_disk_reserve(const std::filesystem::path& path) {
  const auto disk = disk_size(path);
  return disk ? std::min<std::uint64_t>(limits::disk_reserve_bytes_max, disk->total_bytes / 20) : 0;
}

Result<void> DiskSpace::take(std::uint64_t bytes, Use use) {
  if (reserve_bytes_ == 0) return {};
  const std::uint64_t kept = use == Use::put ? reserve_bytes_ : use == Use::upkeep ? reserve_bytes_ / 8 : 0;
  const std::uint64_t needed = bytes + kept;
  {
    const std::scoped_lock lock(mutex_);
    if (measured(needed) >= needed) {
      free_bytes_ -= bytes;
      return {};
    }
  }
  if (use == Use::put) when_short_();
  return fail(Errc::storage_full, "less than " + std::to_string(needed) +
                                      " bytes of the disk are free, of which " +
                                      std::to_string(reserve_bytes_) + " are its reserve");
}

std::uint64_t DiskSpace::measured(std::uint64_t needed) {
  const auto now = std::chrono::steady_clock::now();
  if (free_bytes_ < needed || now - measured_at_ > limits::disk_measured_every) {
    free_bytes_ = measure_();
    measured_at_ = now;
  }
  return free_bytes_;
}

}  // namespace cubby
