#include "net/failed_attempts.hpp"

#include <gtest/gtest.h>

namespace cubby {
namespace {

using namespace std::chrono_literals;

const Timestamp start{1'800'000'000s};

std::optional<Address> at(const char* text) {
  return Address::parse(text);
}

TEST(FailedAttempts, TheFirstTenOfASourceAreAnsweredAtOnceAndThenOneASecond) {
  FailedAttempts attempts;
  for (std::uint64_t i = 1; i <= 10; ++i) {
    const auto attempt = attempts.note(at("192.0.2.1"), start);
    EXPECT_EQ(attempt.delay, 0ms);
    EXPECT_EQ(attempt.count, i);
  }
  // Those that come at once wait for each other, up to a bound.
  for (const auto delay : {1s, 2s, 3s, 4s, 5s, 5s, 5s})
    EXPECT_EQ(attempts.note(at("192.0.2.1"), start).delay, delay);
  EXPECT_EQ(attempts.note(at("192.0.2.1"), start + 3s).delay, 3s);
  EXPECT_EQ(attempts.note(at("192.0.2.2"), start + 3s).delay, 0s);
}

TEST(FailedAttempts, AQuietSourceBeginsAnew) {
  FailedAttempts attempts;
  for (int i = 0; i < 100; ++i) attempts.note(at("192.0.2.1"), start);
  const auto later = attempts.note(at("192.0.2.1"), start + 15s);
  EXPECT_EQ(later.delay, 0s);
  EXPECT_EQ(later.count, 1u);
}

TEST(FailedAttempts, AClockThatIsSetBackForgivesNothing) {
  FailedAttempts attempts;
  for (int i = 0; i < 12; ++i) attempts.note(at("192.0.2.1"), start);
  EXPECT_EQ(attempts.note(at("192.0.2.1"), start - 1h).delay, 3s);
}

TEST(FailedAttempts, ANetworkOfIpv6IsOneSourceAndUnixSocketsAreOne) {
  FailedAttempts attempts;
  attempts.note(at("2001:db8::1"), start);
  EXPECT_EQ(attempts.note(at("2001:db8::ffff:1"), start).count, 2u);
  EXPECT_EQ(attempts.note(at("2001:db8:0:1::1"), start).count, 1u);
  attempts.note(std::nullopt, start);
  EXPECT_EQ(attempts.note(std::nullopt, start).count, 2u);
}

TEST(FailedAttempts, TheLongestQuietSourceIsForgottenForANewOne) {
  FailedAttempts attempts;
  for (std::size_t i = 0; i < limits::failed_attempt_sources_max; ++i) {
    const std::string text = "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    attempts.note(at(text.c_str()), start + std::chrono::milliseconds(i));
  }
  const Timestamp end = start + std::chrono::milliseconds(limits::failed_attempt_sources_max);
  attempts.note(at("192.0.2.1"), end);
  EXPECT_EQ(attempts.sources(), limits::failed_attempt_sources_max);
  EXPECT_EQ(attempts.note(at("10.0.0.1"), start + 2ms).count, 2u);
  EXPECT_EQ(attempts.note(at("10.0.0.0"), end).count, 1u);
}

}  // namespace
}  // namespace cubby
