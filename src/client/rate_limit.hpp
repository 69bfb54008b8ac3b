// How often the API may be called.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string_view>

namespace cubby::client {

struct RateLimit {
  unsigned calls = 0;  // 0: as many as one likes
  std::chrono::milliseconds period{};

  // "1200/5m", "4/s", "100/1h", or "none". Nothing if it is none of these.
  static std::optional<RateLimit> parse(std::string_view text);
  // What Cloudflare allows a user, 1,200 calls in 5 minutes, less a sixth for what else the user does.
  static RateLimit cloudflare() { return {1000, std::chrono::minutes(5)}; }

  bool operator==(const RateLimit&) const = default;
};

// Spreads calls evenly over time, with a small reserve of calls that may come at once. In no period are there
// more than the limit, even when a process ends and another one goes on. Thread-safe.
class Pacer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Pacer(RateLimit limit);

  // Takes a place in the row of calls, and answers when that is: `now` or later.
  Time reserve(Time now);
  // Nobody calls before then: the server has asked for it.
  void hold_until(Time time);

 private:
  std::chrono::steady_clock::duration interval_;
  std::chrono::steady_clock::duration reserve_;
  std::mutex mutex_;
  Time next_{};
  Time held_until_{};
};

}  // namespace cubby::client
