#include "service/activity.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "service/activity_sampler.hpp"
#include "store/memory_engine.hpp"
#include "tests/support/engine_calls.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run_task.hpp"

namespace cubby {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{1'800'000'000s};
const NamespaceId id = NamespaceId::random();

TEST(Activity, ASampleHasWhatWasCountedSinceTheLast) {
  Activity activity;
  activity.note(Work::read, id, 1us);
  activity.note(Work::write, id, 1us);
  activity.take_sample(start, {5, 1}, Usage{3, 4});
  activity.note(Work::read, id, 1us);
  activity.note(Work::read, id, 1us);
  activity.note(Work::list, id, 1us);
  activity.take_sample(start + 5s, {8, 2}, {});

  const auto history = activity.history();
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].calls, (Calls{1, 1, 0, 0}));
  EXPECT_EQ(history[0].stored, (Usage{3, 4}));
  EXPECT_EQ(history[1].at, start + 5s);
  EXPECT_EQ(history[1].calls, (Calls{2, 0, 0, 1}));
  EXPECT_EQ(history[1].reads, (ReadCounts{3, 1}));
  EXPECT_EQ(history[1].stored, std::nullopt);
}

TEST(Activity, TimesAreToldToAFifth) {
  for (const auto time : {1us, 3us, 7us, 90us, 1500us, 40'000us, 3'000'000us}) {
    Activity activity;
    for (int i = 0; i < 98; ++i) activity.note(Work::read, id, time);
    for (int i = 0; i < 2; ++i) activity.note(Work::read, id, 50 * time);
    activity.take_sample(start, {}, {});
    const auto sample = activity.history().back();
    const auto micros = static_cast<double>(time.count());
    EXPECT_GE(static_cast<double>(sample.median_micros), micros);
    EXPECT_LE(static_cast<double>(sample.median_micros), 1.26 * micros);
    EXPECT_GE(static_cast<double>(sample.slowest_micros), 50 * micros);
    EXPECT_LE(static_cast<double>(sample.slowest_micros), 1.26 * 50 * micros);
  }
}

TEST(Activity, WithoutCallsTimesAreNothing) {
  Activity activity;
  activity.take_sample(start, {}, {});
  EXPECT_EQ(activity.history().back().median_micros, 0u);
}

TEST(Activity, AnHourIsRemembered) {
  Activity activity;
  for (std::size_t i = 0; i < Activity::samples_max + 1; ++i) {
    activity.take_sample(start + i * Activity::sample_time, {}, {});
  }
  const auto history = activity.history();
  EXPECT_EQ(history.size(), Activity::samples_max);
  EXPECT_EQ(history.front().at, start + Activity::sample_time);
}

TEST(Activity, RatesAreThoseOfTheLastMinute) {
  Activity activity;
  for (int i = 0; i < 100; ++i) activity.note(Work::read, id, 1us);
  activity.take_sample(start, {}, {});
  EXPECT_DOUBLE_EQ(activity.rates(id)[0], 20);
  EXPECT_DOUBLE_EQ(activity.rates(NamespaceId::random())[0], 0);
  for (std::size_t i = 1; i < Activity::samples_of_rates; ++i) activity.take_sample(start, {}, {});
  EXPECT_DOUBLE_EQ(activity.rates(id)[0], 100.0 / 60);
  activity.take_sample(start, {}, {});
  EXPECT_DOUBLE_EQ(activity.rates(id)[0], 0);
}

TEST(Activity, ThreadsCountAtOnce) {
  Activity activity;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) activity.note(Work::remove, id, 1us);
    });
  }
  for (std::thread& each : threads) each.join();
  activity.take_sample(start, {}, {});
  EXPECT_EQ(activity.history().back().calls, (Calls{0, 0, 40'000, 0}));
  EXPECT_DOUBLE_EQ(activity.rates(id)[2], 8000);
}

TEST(ActivitySampler, SaysWhatIsStoredOnceAMinute) {
  ManualClock clock;
  const auto engine = make_memory_engine();
  const Namespace created = some_namespace("stored");
  run(engine->put_account({created.account, "an account"})).value();
  run(engine->create_namespace(created)).value();
  Store(*engine, created.id).put("k", "value");
  Activity activity;
  ActivitySampler sampler(activity, *engine, clock);
  for (int i = 0; i < 13; ++i) run(sampler.sample());
  const auto history = activity.history();
  EXPECT_EQ(history[0].stored, (Usage{1, 6}));
  EXPECT_EQ(history[1].stored, std::nullopt);
  EXPECT_EQ(history[12].stored, (Usage{1, 6}));
}

TEST(ActivitySampler, EndsWhenItIsStopped) {
  ManualClock clock;
  const auto engine = make_memory_engine();
  Activity activity;
  ActivitySampler sampler(activity, *engine, clock);
  boost::asio::io_context loop;
  bool ended = false;
  spawn(loop, sampler.run(), [&ended](std::exception_ptr) { ended = true; });
  loop.poll();
  EXPECT_FALSE(ended);
  EXPECT_EQ(activity.history().size(), 1u);
  sampler.stop();
  loop.run();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace cubby
