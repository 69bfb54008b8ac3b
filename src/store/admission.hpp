// How much may wait for the commit thread at once: who comes when it is too much waits, in order.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "core/resume.hpp"
#include "core/task.hpp"

namespace cubby {

// Bounds the bytes between `enter` and `leave`. A single one that is larger than the bound is let in alone.
// Thread-safe. REQUIRES: outlives whoever waits.
class Admission {
 public:
  explicit Admission(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Answers when there is room; mostly at once.
  Task<void> enter(std::size_t bytes) {
    if (try_enter(bytes)) co_return;
    auto start = [this, bytes](std::function<void(bool)> resume) { wait(bytes, std::move(resume)); };
    co_await resume_later<bool>(std::move(start));
  }

  // REQUIRES: the same number as for `enter`.
  void leave(std::size_t bytes) {
    std::deque<Waiting> admitted;
    {
      const std::scoped_lock lock(mutex_);
      bytes_in_ -= bytes;
      while (!waiting_.empty() && has_room(waiting_.front().bytes)) {
        bytes_in_ += waiting_.front().bytes;
        admitted.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    for (auto& each : admitted) each.resume(true);
  }

 private:
  struct Waiting {
    std::size_t bytes;
    std::function<void(bool)> resume;
  };

  bool has_room(std::size_t bytes) const { return bytes_in_ == 0 || bytes_in_ + bytes <= bytes_max_; }

  bool try_enter(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    if (!waiting_.empty() || !has_room(bytes)) return false;
    bytes_in_ += bytes;
    return true;
  }

  void wait(std::size_t bytes, std::function<void(bool)> resume) {
    {
      const std::scoped_lock lock(mutex_);
      if (!waiting_.empty() || !has_room(bytes)) {
        waiting_.push_back({bytes, std::move(resume)});
        return;
      }
      bytes_in_ += bytes;
    }
    resume(true);
  }

  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::size_t bytes_in_ = 0;
  std::deque<Waiting> waiting_;
};

}  // namespace cubby
