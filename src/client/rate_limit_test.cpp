#include "client/rate_limit.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace cubby::client {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, IsCallsPerTime) {
  EXPECT_EQ(RateLimit::parse("1200/5m"), (RateLimit{1200, 5min}));
  EXPECT_EQ(RateLimit::parse("4/s"), (RateLimit{4, 1s}));
  EXPECT_EQ(RateLimit::parse("100/2h"), (RateLimit{100, 2h}));
  EXPECT_EQ(RateLimit::parse("none"), RateLimit{});
  for (const char* const text :
       {"", "4", "4/", "/s", "4/x", "0/s", "4/0s", "-1/s", "4/s ", "4/5", "99999999/s"})
    EXPECT_EQ(RateLimit::parse(text), std::nullopt) << text;
}

// In a time that only the test moves.
TEST(Pacer, NeverAllowsMoreThanTheLimitInAnyPeriod) {
  for (const unsigned calls : {1u, 2u, 9u, 40u, 1000u}) {
    Pacer pacer({calls, 1min});
    Pacer::Time now{1h};
    std::deque<Pacer::Time> within;
    for (unsigned i = 0; i < 3 * calls + 5; ++i) {
      now = pacer.reserve(now);
      while (!within.empty() && within.front() <= now - 1min) within.pop_front();
      within.push_back(now);
      EXPECT_LE(within.size(), calls);
    }
    const auto sleeps_max = calls >= 9 ? 5min : 20min;
    EXPECT_LE(now - Pacer::Time(1h), sleeps_max) << calls;  // and does not sleep either
  }
}

TEST(Pacer, LetsASmallReserveGoAtOnce) {
  Pacer pacer({1000, 5min});
  const Pacer::Time now{1h};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pacer.reserve(now), now);
  EXPECT_GT(pacer.reserve(now), now);
}

TEST(Pacer, WithoutALimitNobodyWaitsButForTheServer) {
  Pacer pacer({});
  const Pacer::Time now{1h};
  for (int i = 0; i < 10'000; ++i) EXPECT_EQ(pacer.reserve(now), now);
  pacer.hold_until(now + 7s);
  EXPECT_EQ(pacer.reserve(now), now + 7s);
  pacer.hold_until(now + 3s);  // never shorter
  EXPECT_EQ(pacer.reserve(now + 1s), now + 7s);
  EXPECT_EQ(pacer.reserve(now + 8s), now + 8s);
}

}  // namespace
}  // namespace cubby::client
