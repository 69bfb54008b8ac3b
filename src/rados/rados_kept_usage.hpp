// Usages that cost much to count: told again for a while, and counted once for all who ask at the same time.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "core/clock.hpp"
#include "core/entry.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "rados/rados_layout.hpp"

namespace cubby {

// Thread-safe. It reads no clock: an age is the difference between the `now` of two calls and a second, for
// these are whole seconds; so only what was counted for a call itself has the age 0.
class RadosKeptUsage {
 public:
  explicit RadosKeptUsage(std::chrono::seconds kept_for) : kept_for_(kept_for) {}

  // What was counted before, if that is not too old.
  std::optional<CountedUsage> find(IndexId index, Instant now) const;

  // Awaits `counting` and keeps its answer, or waits for another caller's that is under way. An error is told
  // to all who wait for it, and not kept.
  Task<Result<CountedUsage>> count(IndexId index, Instant now, Task<Result<Usage>> counting);

 private:
  struct Kept {
    Usage usage;
    Instant at;  // its count began
  };
  struct Count {
    Instant begun;
    std::vector<std::function<void(Result<Usage>)>> waiting{};
  };

  Task<void> count_for_all(IndexId index, Task<Result<Usage>> counting);
  void tell(IndexId index, const Result<Usage>& counted);

  const std::chrono::seconds kept_for_;
  mutable std::mutex mutex_;
  std::map<IndexId, Kept> kept_;
  std::map<IndexId, Count> counts_;  // under way
};

}  // namespace cubby
