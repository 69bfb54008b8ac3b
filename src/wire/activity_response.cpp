#include "wire/activity_response.hpp"

#include <string>

#include "wire/rest_response.hpp"

namespace cubby {
namespace {

template <class Figure>
std::string column(std::string_view name, const std::vector<ActivitySample>& samples, Figure figure) {
  std::string text = ",\"" + std::string(name) + "\":[";
  for (const ActivitySample& each : samples) {
    if (text.back() != '[') text += ',';
    text += figure(each);
  }
  return text + "]";
}

auto calls_of(Work work) {
  return [work](const ActivitySample& each) {
    return std::to_string(each.calls[static_cast<std::size_t>(work)]);
  };
}

}  // namespace

Response activity_response(const std::vector<ActivitySample>& samples, std::chrono::seconds sample_time) {
  using Sample = const ActivitySample&;
  std::string json = R"({"seconds_per_sample":)" + std::to_string(sample_time.count());
  json +=
      column("at", samples, [](Sample each) { return std::to_string(each.at.time_since_epoch().count()); });
  json += column("reads", samples, calls_of(Work::read));
  json += column("writes", samples, calls_of(Work::write));
  json += column("deletes", samples, calls_of(Work::remove));
  json += column("lists", samples, calls_of(Work::list));
  json += column("p50_us", samples, [](Sample each) { return std::to_string(each.median_micros); });
  json += column("p99_us", samples, [](Sample each) { return std::to_string(each.slowest_micros); });
  json += column("memory_reads", samples, [](Sample each) { return std::to_string(each.reads.from_memory); });
  json += column("disk_reads", samples, [](Sample each) { return std::to_string(each.reads.from_disk); });
  json += column("keys", samples, [](Sample each) {
    return each.stored ? std::to_string(each.stored->keys) : std::string("null");
  });
  json += column("bytes", samples, [](Sample each) {
    return each.stored ? std::to_string(each.stored->bytes) : std::string("null");
  });
  return json_response(json + "}");
}

}  // namespace cubby
