// Has a sample of the server's activity taken every few seconds.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "core/clock.hpp"
#include "service/activity.hpp"

namespace cubby {

// Used on one loop. Cost: a few thousand additions a sample; once a minute, one look at the usage of each
// namespace.
class ActivitySampler {
 public:
  ActivitySampler(Activity& activity, Engine& engine, const Clock& clock)
      : activity_(activity), engine_(engine), clock_(clock) {}

  // Takes one. Every twelfth says what is stored.
  Task<void> sample();

  // Takes one at once and then every Activity::sample_time, until `stop`.
  Task<void> run();
  void stop();

 private:
  Task<std::optional<Usage>> stored(Instant now);

  Activity& activity_;
  Engine& engine_;
  const Clock& clock_;
  unsigned samples_ = 0;
  std::optional<boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>>
      pause_;
  bool is_stopping_ = false;
};

}  // namespace cubby
