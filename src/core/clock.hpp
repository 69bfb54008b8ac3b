// Time comes in through here, so that tests own it. Engines and codecs never read a clock: `now` is an
// argument.
#pragma once

#include <chrono>

namespace cubby {

// Wall time in milliseconds since the Unix epoch.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;
// Wall time in whole seconds since the Unix epoch: the precision of an expiry.
using Instant = std::chrono::sys_seconds;

inline Instant whole_seconds(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

// The one reader of the system's clock for stored data; made in `main`.
class SystemClock final : public Clock {
 public:
  Timestamp now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace cubby
