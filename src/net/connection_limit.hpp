// How many connections a listener has at once.
#pragma once

#include <atomic>
#include <cstddef>

namespace cubby {

// Thread-safe; takes no lock. Each `enter` that succeeds has its `leave`.
class ConnectionLimit {
 public:
  explicit ConnectionLimit(std::size_t connections_max) : connections_max_(connections_max) {}

  bool enter() {
    if (count_.fetch_add(1, std::memory_order_relaxed) < connections_max_) return true;
    leave();
    return false;
  }
  // Above the limit, for as long as it takes one to leave that was told to.
  void enter_for_another() { count_.fetch_add(1, std::memory_order_relaxed); }
  void leave() { count_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  const std::size_t connections_max_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace cubby
