// Time that tests own.
#pragma once

#include <atomic>

#include "core/clock.hpp"

namespace cubby {

// Stands still except for `advance` and `set`, which may also go back. Thread-safe.
class ManualClock final : public Clock {
 public:
  // Some day in 2027, far from both ends of every range.
  static constexpr Timestamp default_start{std::chrono::seconds(1'800'000'000)};

  explicit ManualClock(Timestamp start = default_start) : milliseconds_(start.time_since_epoch().count()) {}

  Timestamp now() const override { return Timestamp(std::chrono::milliseconds(milliseconds_.load())); }

  void advance(std::chrono::milliseconds by) { milliseconds_ += by.count(); }
  void set(Timestamp to) { milliseconds_ = to.time_since_epoch().count(); }

 private:
  std::atomic<std::chrono::milliseconds::rep> milliseconds_;
};

}  // namespace cubby
