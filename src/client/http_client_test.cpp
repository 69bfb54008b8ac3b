#include "client/http_client.hpp"

#include <gtest/gtest.h>

namespace cubby::client {
namespace {

using namespace std::chrono_literals;

constexpr bool sent = true;
constexpr bool repeatable = true;

HttpAnswer answer(unsigned status, std::optional<std::chrono::seconds> retry_after = std::nullopt) {
  HttpAnswer made;
  made.status = status;
  made.retry_after = retry_after;
  return made;
}

TEST(Retry, WaitsTwiceAsLongEachTimeUpToABound) {
  const HttpAnswer bad = answer(502);
  EXPECT_EQ(wait_before_retry(&bad, sent, repeatable, 0), 500ms);
  EXPECT_EQ(wait_before_retry(&bad, sent, repeatable, 1), 1s);
  EXPECT_EQ(wait_before_retry(&bad, sent, repeatable, 4), 8s);
  EXPECT_EQ(wait_before_retry(&bad, sent, repeatable, 400), 8s);
}

TEST(Retry, DoesWhatTheServerSays) {
  const HttpAnswer limited = answer(429, 300s);
  EXPECT_EQ(wait_before_retry(&limited, sent, repeatable, 0), 300s);
  HttpAnswer permanent = answer(500);
  permanent.should_retry = false;
  EXPECT_EQ(wait_before_retry(&permanent, sent, repeatable, 0), std::nullopt);
  HttpAnswer odd = answer(409);
  odd.should_retry = true;
  EXPECT_EQ(wait_before_retry(&odd, sent, repeatable, 0), 500ms);
}

TEST(Retry, IsOnlyForWhatMayPass) {
  for (const unsigned status : {200u, 400u, 401u, 403u, 404u, 405u, 409u, 413u}) {
    const HttpAnswer final = answer(status);
    EXPECT_EQ(wait_before_retry(&final, sent, repeatable, 0), std::nullopt) << status;
  }
  for (const unsigned status : {408u, 429u, 500u, 502u, 503u, 504u, 524u}) {
    const HttpAnswer passing = answer(status);
    EXPECT_TRUE(wait_before_retry(&passing, sent, repeatable, 0)) << status;
  }
}

TEST(Retry, DoesNothingTwiceThatIsNotToBeDoneTwice) {
  EXPECT_EQ(wait_before_retry(nullptr, sent, !repeatable, 0), std::nullopt);
  EXPECT_TRUE(wait_before_retry(nullptr, !sent, !repeatable, 0));
  EXPECT_TRUE(wait_before_retry(nullptr, sent, repeatable, 0));
  const HttpAnswer broken = answer(500);
  const HttpAnswer unavailable = answer(503);
  EXPECT_EQ(wait_before_retry(&broken, sent, !repeatable, 0), std::nullopt);
  EXPECT_EQ(wait_before_retry(&unavailable, sent, !repeatable, 0), std::nullopt);
  // These say that nothing was done.
  const HttpAnswer limited = answer(429);
  const HttpAnswer later = answer(503, 2s);
  EXPECT_TRUE(wait_before_retry(&limited, sent, !repeatable, 0));
  EXPECT_TRUE(wait_before_retry(&later, sent, !repeatable, 0));
}

}  // namespace
}  // namespace cubby::client
