// Many threads work on the units of one sequence; what must be in order happens in turn.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "client/failure.hpp"

namespace cubby::client {

// Whose turn it is. Thread-safe. The first failure ends everything.
class Turns {
 public:
  // Waits until all earlier units are done. False if everything ends.
  bool wait_for(std::uint64_t ticket) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || next_ == ticket; });
    return !failure_;
  }
  void done(std::uint64_t ticket) {
    const std::scoped_lock lock(mutex_);
    if (next_ == ticket) ++next_;
    changed_.notify_all();
  }
  void fail(Failure failure) {
    const std::scoped_lock lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    changed_.notify_all();
  }
  const std::optional<Failure>& failure() const { return failure_; }
  bool is_ending() {
    const std::scoped_lock lock(mutex_);
    return failure_.has_value();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ = 0;
  std::optional<Failure> failure_;
};

// The turn of one unit.
class Turn {
 public:
  Turn(Turns& turns, std::uint64_t ticket) : turns_(turns), ticket_(ticket) {}
  // After this, nobody else is in their turn until the unit is done. False if everything ends.
  bool wait() { return turns_.wait_for(ticket_); }

 private:
  Turns& turns_;
  std::uint64_t ticket_;
};

// Calls `next` for one unit after the other, never twice at a time, until it gives nothing, and `work` for
// each on one of `threads` threads, whose number it is told. Answers the first failure of either, when all
// threads have ended.
template <class Unit>
Outcome<void> work_in_order(unsigned threads, std::function<Outcome<std::optional<Unit>>()> next,
                            std::function<Outcome<void>(unsigned thread, Unit& unit, Turn& turn)> work) {
  Turns turns;
  std::mutex next_mutex;
  std::uint64_t tickets = 0;
  const auto run = [&](unsigned thread) {
    while (true) {
      std::unique_lock lock(next_mutex);
      if (turns.is_ending()) return;
      Outcome<std::optional<Unit>> unit = next();
      if (!unit) return turns.fail(unit.error());
      if (!*unit) return;
      const std::uint64_t ticket = tickets++;
      lock.unlock();
      Turn turn(turns, ticket);
      if (auto worked = work(thread, **unit, turn); !worked) return turns.fail(worked.error());
      if (!turn.wait()) return;
      turns.done(ticket);
    }
  };
  std::vector<std::thread> workers;
  workers.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(run, i);
  for (std::thread& each : workers) each.join();
  if (turns.failure()) return *turns.failure();
  return {};
}

}  // namespace cubby::client
