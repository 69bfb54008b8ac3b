// A bound on the memory that all requests of a server hold together.
#pragma once

#include <atomic>
#include <cstddef>

#include "core/request_memory.hpp"

namespace cubby {

// Thread-safe; takes no lock.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // False, and nothing is taken, if there is no room.
  bool take(std::size_t bytes) { return take_within(bytes_max_, bytes); }

  // The same for who has not said yet who it is: of the second half nothing is theirs.
  bool take_for_stranger(std::size_t bytes) { return take_within(bytes_max_ / 2, bytes); }

  // REQUIRES: taken before.
  void give_back(std::size_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  bool take_within(std::size_t bytes_max, std::size_t bytes) {
    if (taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max) return true;
    give_back(bytes);
    return false;
  }

  const std::size_t bytes_max_;
  std::atomic<std::size_t> taken_{0};
};

// One request's part of a budget, which outlives it.
class HeldMemory final : public RequestMemory {
 public:
  explicit HeldMemory(MemoryBudget& budget) : budget_(budget) {}
  ~HeldMemory() override { release(); }
  HeldMemory(const HeldMemory&) = delete;
  HeldMemory& operator=(const HeldMemory&) = delete;

  Result<void> hold(std::size_t bytes) override { return note(budget_.take(bytes), bytes); }
  Result<void> hold_for_stranger(std::size_t bytes) { return note(budget_.take_for_stranger(bytes), bytes); }

  void release() {
    if (bytes_ == 0) return;
    budget_.give_back(bytes_);
    bytes_ = 0;
  }

 private:
  Result<void> note(bool is_taken, std::size_t bytes) {
    if (!is_taken) return fail(Errc::overloaded, "memory for requests");
    bytes_ += bytes;
    return {};
  }

  MemoryBudget& budget_;
  std::size_t bytes_ = 0;
};

}  // namespace cubby
