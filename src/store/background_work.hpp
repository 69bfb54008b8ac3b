// Work that nobody waits for, but an end must.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace cubby {

// Long work runs in steps, each between `begin` and `end`; a step begins the next one before it ends.
// Thread-safe.
class BackgroundWork {
 public:
  // False: `stop` was called, and the step must not run.
  bool begin() {
    const std::scoped_lock lock(mutex_);
    if (is_stopping_) return false;
    ++running_;
    return true;
  }

  void end() {
    const std::scoped_lock lock(mutex_);
    --running_;
    idle_.notify_all();
  }

  // Returns when the last step has ended; no other will begin.
  void stop() {
    std::unique_lock lock(mutex_);
    is_stopping_ = true;
    idle_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t running_ = 0;
  bool is_stopping_ = false;
};

}  // namespace cubby
