#include "core/counters.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cubby {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreCountedInTheClassBelowWhoseEndTheyAre) {
  DurationCounter counter;
  for (const auto each : {0us, 1us, 2us, 3us, 4us, 1000us}) counter.add(each);
  counter.add(1h);
  counter.add(-1s);  // a clock may be odd, a count may not
  Durations sum;
  counter.add_to(sum);
  EXPECT_EQ(sum.counts[0], 2u);
  EXPECT_EQ(sum.counts[1], 1u);
  EXPECT_EQ(sum.counts[2], 2u);
  EXPECT_EQ(sum.counts[3], 1u);
  EXPECT_EQ(sum.counts[10], 1u);
  EXPECT_EQ(sum.counts.back(), 1u);
  EXPECT_EQ(sum.total(), 8u);
  EXPECT_EQ(sum.microseconds, 1010u + 3'600'000'000u);
}

TEST(Durations, AnswerQuantilesWithinTheirClass) {
  DurationCounter counter;
  for (int i = 0; i < 98; ++i) counter.add(100us);  // below 128
  for (int i = 0; i < 2; ++i) counter.add(5000us);  // below 8192
  Durations sum;
  counter.add_to(sum);
  EXPECT_GT(sum.quantile(0.5), 64);
  EXPECT_LE(sum.quantile(0.5), 128);
  EXPECT_GT(sum.quantile(0.99), 4096);
  EXPECT_LE(sum.quantile(0.99), 8192);
  EXPECT_EQ(Durations{}.quantile(0.5), 0);
}

TEST(Durations, SinceIsWhatCameAfter) {
  DurationCounter counter;
  counter.add(3us);
  Durations earlier;
  counter.add_to(earlier);
  counter.add(100us);
  Durations now;
  counter.add_to(now);
  EXPECT_EQ(now.since(earlier).total(), 1u);
  EXPECT_EQ(now.since(earlier).microseconds, 100u);
}

TEST(SharedCounter, LosesNothing) {
  SharedCounter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10'000; ++j) counter.add();
    });
  }
  for (auto& each : threads) each.join();
  EXPECT_EQ(counter.value(), 40'000u);
}

}  // namespace
}  // namespace cubby
