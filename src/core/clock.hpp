// Time comes in through here, so that tests own it. Engines and codecs never read a clock: `now` is an
// argument.
#pragma once

#include <atomic>
#include <chrono>
#include <limits>

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

// A clock for tests of programs: it shows another clock's time until it is set or moved, and then stands
// still until it is set or moved again.
class DevClock final : public Clock {
 public:
  explicit DevClock(const Clock& real) : real_(real) {}

  Timestamp now() const override {
    const auto shown = milliseconds_.load();
    return shown == is_real ? real_.now() : Timestamp(std::chrono::milliseconds(shown));
  }

  void set(Timestamp time) { milliseconds_ = time.time_since_epoch().count(); }
  void return_to_real() { milliseconds_ = is_real; }

 private:
  using Count = Timestamp::rep;
  static constexpr Count is_real = std::numeric_limits<Count>::min();

  const Clock& real_;
  std::atomic<Count> milliseconds_{is_real};
};

}  // namespace cubby
