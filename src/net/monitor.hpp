// What the server tells about itself: its figures for Prometheus, and its last hour.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>

#include "net/activity.hpp"
#include "net/traffic.hpp"
#include "service/store_figures.hpp"

namespace cubby {

// Methods may be called from any loop at any time, where nothing else is said.
class Monitor {
 public:
  using ReadTraffic = std::function<TrafficCounts()>;

  // `traffic` is called from any loop.
  Monitor(StoreWatch store, const Clock& clock, ReadTraffic traffic)
      : store_(store), clock_(clock), traffic_(std::move(traffic)), started_at_(clock.now()) {}

  // In Prometheus' text format; docs/operating/monitoring.md explains them. Errors: those of the engine.
  Task<Result<std::string>> metrics();

  const Activity& activity() const { return activity_; }

  // Takes a reading every limits::activity_step until `stop`; both on one loop.
  Task<void> run();
  void stop();

 private:
  StoreWatch store_;
  const Clock& clock_;
  const ReadTraffic traffic_;
  const Timestamp started_at_;
  Activity activity_;
  std::optional<boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>>
      pause_;
  bool is_stopping_ = false;
};

}  // namespace cubby
