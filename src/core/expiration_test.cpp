#include "core/expiration.hpp"

#include <gtest/gtest.h>

#include "core/limits.hpp"

namespace cubby {
namespace {

using namespace std::chrono_literals;

constexpr Instant now{1'800'000'000s};
constexpr auto end_of_time = limits::expiration_max;

Result<std::optional<Instant>> absolute(std::string text) {
  return parse_expiration({.expiration = std::move(text), .expiration_ttl = {}}, now);
}
Result<std::optional<Instant>> ttl(std::string text) {
  return parse_expiration({.expiration = {}, .expiration_ttl = std::move(text)}, now);
}

TEST(Expiration, NothingGivenMeansNever) {
  EXPECT_EQ(parse_expiration({}, now).value(), std::nullopt);
}

TEST(Expiration, AnAbsoluteOneIsTakenAsItIs) {
  EXPECT_EQ(absolute("1900000000").value(), Instant{1'900'000'000s});
}

TEST(Expiration, ATtlCountsFromNow) {
  EXPECT_EQ(ttl("3600").value(), now + 3600s);
}

TEST(Expiration, TheTtlWinsAndTheOtherIsNotLookedAt) {
  EXPECT_EQ(parse_expiration({.expiration = "1900000000", .expiration_ttl = "60"}, now).value(), now + 60s);
  EXPECT_EQ(parse_expiration({.expiration = "nonsense", .expiration_ttl = "60"}, now).value(), now + 60s);
  EXPECT_EQ(parse_expiration({.expiration = "1900000000", .expiration_ttl = "x"}, now).error(),
            fail(Errc::ttl_malformed, "x"));
}

TEST(Expiration, FractionsAreCutOff) {
  for (const char* text : {"60", "60.0", "60.9", "6e1", "0.6e2", "6E+1"}) {
    EXPECT_EQ(ttl(text).value(), now + 60s) << text;
  }
  EXPECT_EQ(absolute("1800000060.999").value(), now + 60s);
  EXPECT_EQ(absolute("1.80000006e9").value(), now + 60s);
}

TEST(Expiration, WhatIsNoNumberIsMalformed) {
  for (const char* text : {"", " ", "x", "60s", "60 ", " 60", "+60", "0x3C", "1,000", "--60", "nan", "inf",
                           "Infinity", "1e", "."}) {
    EXPECT_EQ(ttl(text).error(), fail(Errc::ttl_malformed, text)) << text;
    EXPECT_EQ(absolute(text).error(), fail(Errc::expiration_malformed, text)) << text;
  }
  const std::string with_nul("60\0", 3);
  EXPECT_EQ(ttl(with_nul).error().code, Errc::ttl_malformed);
}

TEST(Expiration, ATtlIsAtLeastSixtySeconds) {
  EXPECT_EQ(ttl("60").value(), now + 60s);
  EXPECT_EQ(ttl("59").error(), fail(Errc::ttl_too_short, "59"));
  EXPECT_EQ(ttl("59.9").error(), fail(Errc::ttl_too_short, "59.9"));
  EXPECT_EQ(ttl("1").error(), fail(Errc::ttl_too_short, "1"));
}

TEST(Expiration, ATtlThatIsNotAboveZeroIsMalformed) {
  for (const char* text : {"0", "0.5", "-0", "-1", "-60", "-1e400", "1e-400", "-1e-400"}) {
    EXPECT_EQ(ttl(text).error(), fail(Errc::ttl_malformed, text)) << text;
  }
}

TEST(Expiration, AnAbsoluteOneIsAtLeastSixtySecondsAway) {
  EXPECT_EQ(absolute("1800000060").value(), now + 60s);
  EXPECT_EQ(absolute("1800000059").error(), fail(Errc::expiration_too_soon, "1800000059"));
  EXPECT_EQ(absolute("1800000001").error(), fail(Errc::expiration_too_soon, "1800000001"));
}

TEST(Expiration, NowAndBeforeAreInThePast) {
  for (const char* text : {"1800000000", "1799999999", "0", "-5", "-1e400", "1e-400"}) {
    EXPECT_EQ(absolute(text).error(), fail(Errc::expiration_in_past, text)) << text;
  }
}

TEST(Expiration, EndsWithTheYear9999) {
  const std::string last = std::to_string(end_of_time);
  const std::string after = std::to_string(end_of_time + 1);
  EXPECT_EQ(absolute(last).value(), Instant{std::chrono::seconds(end_of_time)});
  EXPECT_EQ(absolute(after).error(), fail(Errc::expiration_too_late, after));

  const auto left = end_of_time - now.time_since_epoch().count();
  EXPECT_EQ(ttl(std::to_string(left)).value(), Instant{std::chrono::seconds(end_of_time)});
  EXPECT_EQ(ttl(std::to_string(left + 1)).error(), fail(Errc::ttl_too_long, std::to_string(left + 1)));
}

TEST(Expiration, FarOutOfRangeIsTooLateAndNotMalformed) {
  for (const char* text : {"1e15", "1e30", "1e400", "99999999999999999999999999"}) {
    EXPECT_EQ(absolute(text).error(), fail(Errc::expiration_too_late, text)) << text;
    EXPECT_EQ(ttl(text).error(), fail(Errc::ttl_too_long, text)) << text;
  }
}

TEST(IsExpired, TheLastInstantIsExclusive) {
  EXPECT_FALSE(is_expired(now, now - 1s));
  EXPECT_TRUE(is_expired(now, now));
  EXPECT_TRUE(is_expired(now, now + 1s));
}

TEST(IsExpired, WhatHasNoExpirationNeverIs) {
  EXPECT_FALSE(is_expired(std::nullopt, Instant::max()));
}

}  // namespace
}  // namespace cubby
