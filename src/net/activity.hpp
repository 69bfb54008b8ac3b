// The last hour of the server in steps of ten seconds, in memory.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "net/traffic.hpp"
#include "service/store_figures.hpp"

namespace cubby {

// Fed with readings, of which it keeps the differences. Thread-safe.
class Activity {
 public:
  // The next reading, about limits::activity_step after the last one.
  void add(Timestamp now, const TrafficCounts& traffic, const EngineFigures& engine);

  // As docs/using/cubby_api.md says: the JSON of the result.
  std::string json() const;

 private:
  struct Latency {
    double p50_ms = 0;
    double p99_ms = 0;
  };
  struct Step {
    Timestamp end;
    double seconds = 0;
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    std::uint64_t deletes = 0;
    std::uint64_t lists = 0;
    std::uint64_t others = 0;
    std::uint64_t failed = 0;  // answered with 5xx
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t connections = 0;
    std::uint64_t storage_bytes = 0;
    std::optional<double> hit_rate{};
    std::optional<Latency> read_latency{};
    std::optional<Latency> write_latency{};
  };
  struct Reading {
    Timestamp at;
    TrafficCounts traffic;
    std::uint64_t from_memory = 0;
    std::uint64_t from_disk = 0;
  };

  static std::optional<Latency> latency_of(const Durations& durations);
  static void append_step(std::string& text, const Step& step);

  mutable std::mutex mutex_;
  std::optional<Reading> last_;
  std::deque<Step> steps_;
};

}  // namespace cubby
