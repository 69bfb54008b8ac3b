// What the server tells about itself: its figures for Prometheus, and its last hour.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>

#include "net/activity.hpp"
#include "net/audit_log.hpp"
#include "net/traffic.hpp"
#include "service/namespace_calls.hpp"
#include "service/store_figures.hpp"

namespace cubby {

// Methods may be called from any loop at any time, where nothing else is said.
class Monitor {
 public:
  using ReadTraffic = std::function<TrafficCounts()>;

  // `traffic` is called from any loop. `audit` may be null.
  Monitor(StoreWatch store, const Clock& clock, ReadTraffic traffic, NamespaceCalls& calls,
          const AuditLog* audit = nullptr)
      : store_(store),
        clock_(clock),
        traffic_(std::move(traffic)),
        calls_(calls),
        audit_(audit),
        started_at_(clock.now()) {}

  // In Prometheus' text format; docs/operating/monitoring.md explains them. Errors: those of the engine.
  Task<Result<std::string>> metrics();

  // Whether puts are taken. Errors: why not.
  Task<Result<void>> check_writable() { return store_.check_writable(); }

  const Activity& activity() const { return activity_; }

  // Takes a reading every limits::activity_step until `stop`, and logs when puts are refused and when they
  // are taken again; both on one loop.
  Task<void> run();
  void stop();

 private:
  Task<void> log_writability();

  StoreWatch store_;
  const Clock& clock_;
  const ReadTraffic traffic_;
  NamespaceCalls& calls_;
  const AuditLog* const audit_;
  const Timestamp started_at_;
  Activity activity_;
  std::optional<boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>>
      pause_;
  bool is_stopping_ = false;
  bool was_writable_ = true;
};

}  // namespace cubby
