// What is remembered once a write has failed.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace cubby {

// After a failed write or sync nobody knows what the disk holds: the kernel may have dropped the pages, and a
// later sync may well succeed without them. So the first failure stays, and nothing is acknowledged after it;
// the next start finds out what is there. Thread-safe.
class FailStop {
 public:
  // The first one counts; `what` is for the operator.
  void fail(std::string what) {
    const std::scoped_lock lock(mutex_);
    if (has_failed_) return;
    what_ = std::move(what);
    has_failed_ = true;
  }

  bool has_failed() const { return has_failed_; }

  // REQUIRES: has_failed.
  Error error() const {
    const std::scoped_lock lock(mutex_);
    return cubby::fail(Errc::storage_failed,
                       "a write has failed, and nothing more is written until a restart: " + what_);
  }

 private:
  std::atomic<bool> has_failed_ = false;
  mutable std::mutex mutex_;
  std::string what_;
};

}  // namespace cubby
