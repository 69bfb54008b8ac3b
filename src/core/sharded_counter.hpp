// Counters that many threads count on at once: each thread has a cell of its own, so that no two of them
// fight for a cache line.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cubby {

inline constexpr std::size_t shards_count = 16;

// Which cell a thread counts on. More threads than cells share some, which costs time and no count.
inline std::size_t shard_of_thread() {
  static std::atomic<std::size_t> next = 0;
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % shards_count;
  return mine;
}

// Thread-safe. A total that is read while others count may lack what they add at that moment.
class ShardedCounter {
 public:
  void add(std::uint64_t amount) {
    cells_[shard_of_thread()].value.fetch_add(amount, std::memory_order_relaxed);
  }

  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const Cell& each : cells_) sum += each.value.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> value = 0;
  };
  std::array<Cell, shards_count> cells_;
};

}  // namespace cubby
