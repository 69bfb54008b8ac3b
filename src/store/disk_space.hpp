// The reserve of the disk: puts end before it is full, so that what frees space can still be done.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>

#include "core/error.hpp"

namespace cubby {

// Of a file system, for whoever is not its administrator.
struct DiskSize {
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;
};

// Errors: storage_failed.
Result<DiskSize> disk_size(const std::filesystem::path& path);

// limits::disk_reserve_bytes_max, or a twentieth of the disk if that is less; none of what cannot be
// measured.
std::uint64_t default_disk_reserve(const std::filesystem::path& path);

// Lets writes through as long as there is room for them. Puts leave the reserve alone. Half of it is for
// upkeep, deletes above all, and three eighths are for the compaction under way, which gives back at its end
// what it took and more; so neither can keep the other from making room. The last eighth is nobody's, for a
// write that finds no space at all would end all writing; only a start uses that too, for the few bytes
// without which nothing could be read. Thread-safe.
class DiskSpace {
 public:
  enum class Use { put, upkeep, compaction, start };

  // `measure` says how many bytes are free and not yet spoken for; it may wait for the disk.
  DiskSpace(std::function<std::uint64_t()> measure, std::uint64_t reserve_bytes)
      : measure_(std::move(measure)), reserve_bytes_(reserve_bytes) {}

  // Is called, on any thread, when a put finds too little, or upkeep has used half of its share. Set it
  // before there is either.
  void when_short(std::function<void()> call) { when_short_ = std::move(call); }

  // Puts are refused while `call`, which comes on any thread, says so. Set it before there are any.
  void refuse_puts_while(std::function<bool()> call) { refuses_puts_ = std::move(call); }

  // Errors: storage_full. What is let through is taken as written until the next measurement, which comes
  // after limits::disk_measured_every, and before anything is refused. `unwritten` was let through before and
  // may have been forgotten by a measurement since. May wait for the disk.
  Result<void> take(std::uint64_t bytes, Use use, std::uint64_t unwritten = 0);

  // Whether so many bytes more leave the reserve alone; they are not taken. May wait for the disk.
  bool would_leave_reserve(std::uint64_t bytes);

  // One at a time takes for Use::compaction. What it has taken counts as its own for so long after its end as
  // the removal of its input, or of what it has written for nothing, may take.
  void begin_compaction();
  void end_compaction(std::chrono::milliseconds removal_takes);
  // Meanwhile nothing is removed, so that all compactions have one share together.
  void hold_removal(bool is_held);

  // Measured now. May wait for the disk.
  std::uint64_t free_bytes();

  // Whether puts are let through. Errors: storage_full.
  Result<void> check() { return take(0, Use::put); }

  std::uint64_t reserve_bytes() const { return reserve_bytes_; }

 private:
  // What must be free for it, at least. REQUIRES: the lock.
  std::uint64_t needed(std::uint64_t bytes, Use use) const;
  std::uint64_t lent_to_compaction() const;
  bool is_old() const;
  // Lets go of the lock meanwhile: who waits for it may be in more of a hurry.
  void measure(std::unique_lock<std::mutex>& lock);

  const std::function<std::uint64_t()> measure_;
  const std::uint64_t reserve_bytes_;
  std::function<void()> when_short_ = [] {};
  std::function<bool()> refuses_puts_ = [] { return false; };
  std::mutex mutex_;  // guards what follows
  std::chrono::steady_clock::time_point measured_at_{};
  std::uint64_t free_bytes_ = 0;
  std::uint64_t taken_bytes_ = 0;  // ever
  bool is_removal_held_ = false;
  std::uint64_t compaction_bytes_ = 0;  // that the last one has taken
  std::optional<std::chrono::steady_clock::time_point> compaction_removed_by_{};  // nothing: it is under way
};

}  // namespace cubby
