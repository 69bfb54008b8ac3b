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

Result<void> DiskSpace::take(std::uint64_t bytes, Use use, std::uint64_t unwritten) {
  if (reserve_bytes_ == 0) return {};
  const bool is_refused = use == Use::put && refuses_puts_();
  std::uint64_t least = 0;
  bool is_taken = false;
  bool is_short = false;
  {
    std::unique_lock lock(mutex_);
    if (is_old() || free_bytes_ < needed(bytes + unwritten, use)) measure(lock);
    least = needed(bytes + unwritten, use);
    is_taken = !is_refused && free_bytes_ >= least;
    if (is_taken) {
      free_bytes_ -= bytes;
      taken_bytes_ += bytes;
      if (use == Use::compaction) compaction_bytes_ += bytes;
    }
    is_short =
        use == Use::put ? !is_taken : use == Use::upkeep && free_bytes_ < needed(reserve_bytes_ / 4, use);
  }
  if (is_short) when_short_();
  if (is_taken) return {};
  if (is_refused) return fail(Errc::storage_full, "compactions find too little room on the disk");
  return fail(Errc::storage_full, "less than " + std::to_string(least) +
                                      " bytes of the disk are free, of which " +
                                      std::to_string(reserve_bytes_) + " are its reserve");
}

std::uint64_t DiskSpace::needed(std::uint64_t bytes, Use use) const {
  const std::uint64_t eighth = reserve_bytes_ / 8;
  const std::uint64_t lent = lent_to_compaction();
  const std::uint64_t written = compaction_removed_by_ && !is_removal_held_ ? 0 : compaction_bytes_;
  switch (use) {
    case Use::put:
      return bytes + reserve_bytes_ - lent;
    case Use::upkeep:
      return bytes + 4 * eighth - lent;
    case Use::compaction:
      return bytes + (written + bytes <= 3 * eighth ? eighth : 5 * eighth);
    case Use::start:
      return bytes;
  }
  return bytes;
}

// Others need not wait for what a compaction has taken of its own share.
std::uint64_t DiskSpace::lent_to_compaction() const {
  const bool is_removed = compaction_removed_by_ && !is_removal_held_ &&
                          std::chrono::steady_clock::now() > *compaction_removed_by_;
  if (is_removed) return 0;
  return std::min(compaction_bytes_, 3 * (reserve_bytes_ / 8));
}

void DiskSpace::begin_compaction() {
  const std::scoped_lock lock(mutex_);
  if (!is_removal_held_) compaction_bytes_ = 0;
  compaction_removed_by_.reset();
}

void DiskSpace::end_compaction(std::chrono::milliseconds removal_takes) {
  const std::scoped_lock lock(mutex_);
  compaction_removed_by_ = std::chrono::steady_clock::now() + removal_takes;
}

void DiskSpace::hold_removal(bool is_held) {
  const std::scoped_lock lock(mutex_);
  // What the last one has replaced is gone by now, or in a moment.
  if (is_held && compaction_removed_by_) compaction_bytes_ = 0;
  is_removal_held_ = is_held;
}

std::uint64_t DiskSpace::free_bytes() {
  std::unique_lock lock(mutex_);
  measure(lock);
  return free_bytes_;
}

bool DiskSpace::would_leave_reserve(std::uint64_t bytes) {
  std::unique_lock lock(mutex_);
  if (is_old()) measure(lock);
  return free_bytes_ >= bytes + reserve_bytes_;
}

bool DiskSpace::is_old() const {
  return std::chrono::steady_clock::now() - measured_at_ > limits::disk_measured_every;
}

void DiskSpace::measure(std::unique_lock<std::mutex>& lock) {
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t taken_before = taken_bytes_;
  lock.unlock();
  const std::uint64_t free = measure_();
  lock.lock();
  if (begin < measured_at_) return;  // somebody knows better by now
  // What was taken meanwhile may not be written yet.
  free_bytes_ = free - std::min(free, taken_bytes_ - taken_before);
  measured_at_ = begin;
}

}  // namespace cubby
