#include "net/activity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "core/limits.hpp"

namespace cubby {
namespace {

using namespace std::chrono_literals;

Timestamp at(std::chrono::seconds time) {
  return Timestamp(time);
}

TEST(Activity, HasTheDifferencesOfReadings) {
  Activity activity;
  Traffic traffic;
  const auto counts = [&] {
    TrafficCounts sum;
    traffic.add_to(sum);
    return sum;
  };
  traffic.count(Dialect::rest, RequestKind::get, 200, 1ms);
  activity.add(at(1000s), counts(), {});
  for (int i = 0; i < 20; ++i) traffic.count(Dialect::rest, RequestKind::get, 200, 1ms);
  for (int i = 0; i < 10; ++i) traffic.count(Dialect::binding, RequestKind::metadata, 404, 1ms);
  traffic.count(Dialect::rest, RequestKind::put, 503, 20ms);
  traffic.bytes_in.add(500);
  EngineFigures engine;
  engine.reads_from_memory = 3;
  engine.reads_from_disk = 1;
  engine.storage_bytes = 77;
  activity.add(at(1010s), counts(), engine);

  const auto json = boost::json::parse(activity.json());
  EXPECT_EQ(json.at("step_seconds"), 10);
  ASSERT_EQ(json.at("steps").as_array().size(), 1u);
  const auto& step = json.at("steps").at(0);
  EXPECT_EQ(step.at("time"), 1010);
  EXPECT_EQ(step.at("operations").at("read").to_number<double>(), 3);
  EXPECT_DOUBLE_EQ(step.at("operations").at("write").to_number<double>(), 0.1);
  EXPECT_DOUBLE_EQ(step.at("failed").to_number<double>(), 0.1);
  EXPECT_DOUBLE_EQ(step.at("hit_rate").to_number<double>(), 0.75);
  EXPECT_EQ(step.at("bytes_in").to_number<double>(), 50);
  EXPECT_EQ(step.at("storage_bytes"), 77);
  const double p50 = step.at("latency").at("read").at("p50_ms").to_number<double>();
  EXPECT_GT(p50, 0.5);
  EXPECT_LE(p50, 1.024);
  EXPECT_GT(step.at("latency").at("write").at("p99_ms").to_number<double>(), 16);
}

TEST(Activity, KeepsAnHour) {
  Activity activity;
  for (int i = 0; i < 1000; ++i) activity.add(at(10s * i), {}, {});
  const auto json = boost::json::parse(activity.json());
  const auto& steps = json.at("steps").as_array();
  EXPECT_EQ(steps.size(), limits::activity_steps);
  EXPECT_EQ(steps.back().at("time"), 9990);
  EXPECT_TRUE(steps.back().at("latency").at("read").is_null());
  EXPECT_TRUE(steps.back().at("hit_rate").is_null());
}

TEST(Activity, LeavesOutAStepInWhichTheClockStoodStill) {
  Activity activity;
  activity.add(at(10s), {}, {});
  activity.add(at(10s), {}, {});
  EXPECT_EQ(activity.json(), "{\"step_seconds\":10,\"steps\":[]}");
}

}  // namespace
}  // namespace cubby
