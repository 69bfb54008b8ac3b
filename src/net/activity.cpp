#include "net/activity.hpp"

#include <cstdio>
#include <numeric>

#include "core/limits.hpp"

namespace cubby {
namespace {

// What came between two readings of one kind of request, in both dialects.
struct Difference {
  std::uint64_t count = 0;
  std::uint64_t failed = 0;
  Durations durations;
};

Difference between(const TrafficCounts& earlier, const TrafficCounts& later, RequestKind kind) {
  Difference difference;
  for (const Dialect dialect : {Dialect::rest, Dialect::binding}) {
    const auto& before = earlier.of(dialect, kind);
    const auto& after = later.of(dialect, kind);
    difference.durations.add(after.durations.since(before.durations));
    for (unsigned i = 500 - TrafficCounts::status_min; i < TrafficCounts::statuses; ++i)
      difference.failed += after.by_status[i] - before.by_status[i];
  }
  difference.count = difference.durations.total();
  return difference;
}

std::string number(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.6g", value);
  return digits;
}

}  // namespace

std::optional<Activity::Latency> Activity::latency_of(const Durations& durations) {
  if (durations.total() == 0) return std::nullopt;
  return Latency{durations.quantile(0.5) / 1000, durations.quantile(0.99) / 1000};
}

void Activity::add(Timestamp now, const TrafficCounts& traffic, const EngineFigures& engine) {
  const std::scoped_lock lock(mutex_);
  const Reading reading{now, traffic, engine.reads_from_memory, engine.reads_from_disk};
  if (last_ && now > last_->at) {
    Step step{.end = now, .seconds = std::chrono::duration<double>(now - last_->at).count()};
    Durations reads;
    Durations writes;
    for (std::size_t i = 0; i < request_kind_names.size(); ++i) {
      const auto kind = static_cast<RequestKind>(i);
      const Difference difference = between(last_->traffic, traffic, kind);
      step.failed += difference.failed;
      switch (kind) {
        case RequestKind::get:
        case RequestKind::metadata:
        case RequestKind::bulk_get:
          step.reads += difference.count;
          reads.add(difference.durations);
          break;
        case RequestKind::put:
        case RequestKind::bulk_put:
          step.writes += difference.count;
          writes.add(difference.durations);
          break;
        case RequestKind::remove:
        case RequestKind::bulk_remove:
          step.deletes += difference.count;
          break;
        case RequestKind::list:
          step.lists += difference.count;
          break;
        default:
          step.others += difference.count;
      }
    }
    step.read_latency = latency_of(reads);
    step.write_latency = latency_of(writes);
    step.bytes_in = traffic.bytes_in - last_->traffic.bytes_in;
    step.bytes_out = traffic.bytes_out - last_->traffic.bytes_out;
    step.connections = traffic.connections_opened - traffic.connections_closed;
    step.storage_bytes = engine.storage_bytes;
    const auto from_memory = static_cast<double>(reading.from_memory - last_->from_memory);
    const auto all = from_memory + static_cast<double>(reading.from_disk - last_->from_disk);
    if (all > 0) step.hit_rate = from_memory / all;
    steps_.push_back(step);
    if (steps_.size() > limits::activity_steps) steps_.pop_front();
  }
  last_ = reading;
}

void Activity::append_step(std::string& text, const Step& step) {
  const auto rate = [&](std::uint64_t count) { return number(static_cast<double>(count) / step.seconds); };
  const auto latency = [](const std::optional<Latency>& of) {
    return of ? "{\"p50_ms\":" + number(of->p50_ms) + ",\"p99_ms\":" + number(of->p99_ms) + "}"
              : std::string("null");
  };
  text += "{\"time\":" + std::to_string(whole_seconds(step.end).time_since_epoch().count());
  text += ",\"operations\":{\"read\":" + rate(step.reads) + ",\"write\":" + rate(step.writes) +
          ",\"delete\":" + rate(step.deletes) + ",\"list\":" + rate(step.lists) +
          ",\"other\":" + rate(step.others) + "}";
  text += ",\"failed\":" + rate(step.failed);
  text += ",\"latency\":{\"read\":" + latency(step.read_latency) +
          ",\"write\":" + latency(step.write_latency) + "}";
  text += ",\"hit_rate\":" + (step.hit_rate ? number(*step.hit_rate) : "null");
  text += ",\"bytes_in\":" + rate(step.bytes_in) + ",\"bytes_out\":" + rate(step.bytes_out);
  text += ",\"connections\":" + std::to_string(step.connections);
  text += ",\"storage_bytes\":" + std::to_string(step.storage_bytes) + "}";
}

std::string Activity::json() const {
  const std::scoped_lock lock(mutex_);
  std::string text = "{\"step_seconds\":" + std::to_string(limits::activity_step.count()) + ",\"steps\":[";
  for (const Step& step : steps_) {
    if (text.back() == '}') text += ',';
    append_step(text, step);
  }
  return text + "]}";
}

}  // namespace cubby
