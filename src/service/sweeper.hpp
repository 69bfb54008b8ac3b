// Takes expired values off the disk, second by second.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>

#include "core/clock.hpp"
#include "store/engine.hpp"

namespace cubby {

// Used on one loop. Cost follows what is due: a second in which nothing is due costs one look at the engine.
class Sweeper {
 public:
  // `clock` decides what is due.
  Sweeper(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  // Removes all that is due now, in portions of limits::sweep_rows_max so that writes get their turn; answers
  // how many values.
  Task<Result<std::uint64_t>> sweep_due();

  // Does so once a second until `stop`. `complain` is told of errors; the next try is then a minute later.
  Task<void> run(std::function<void(const Error&)> complain);
  void stop();

 private:
  Engine& engine_;
  const Clock& clock_;
  std::optional<boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>>
      pause_;
  bool is_stopping_ = false;
};

}  // namespace cubby
