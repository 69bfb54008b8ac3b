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
  bool take(std::size_t bytes) {
    if (taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
    give_back(bytes);
    return false;
  }

  // REQUIRES: taken before.
  void give_back(std::size_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
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

  Result<void> hold(std::size_t bytes) override {
    if (!budget_.take(bytes)) return fail(Errc::overloaded, "memory for requests");
    bytes_ += bytes;
    return {};
  }

  void release() {
    if (bytes_ == 0) return;
    budget_.give_back(bytes_);
    bytes_ = 0;
  }

 private:
  MemoryBudget& budget_;
  std::size_t bytes_ = 0;
};

}  // namespace cubby
