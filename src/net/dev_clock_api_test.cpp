#include "net/dev_clock_api.hpp"

#include <gtest/gtest.h>

#include "tests/support/wire_memory_target.hpp"
#include "tests/support/wire_world.hpp"

namespace cubby::wire {
namespace {

class DevClockApiTest : public testing::Test {
 protected:
  Answer ask(const std::string& method, const std::string& body, const std::string& who = "admin") {
    MemoryTarget target(api_);
    return target.exchange({method,
                            "/cubby/v1/dev/clock",
                            {{"authorization", "Bearer " + World::token_of(who)}},
                            body,
                            !body.empty()});
  }

  void expect_now(const std::string& seconds) {
    EXPECT_EQ(ask("GET", "").body,
              R"({"result":{"now":)" + seconds + R"(},"success":true,"errors":[],"messages":[]})");
  }

  World world_;
  DevClock clock_{world_.clock};
  DevClockApi api_{world_.api, world_.access, clock_};
};

TEST_F(DevClockApiTest, SetsAndMovesAndReturns) {
  expect_now("1800000000.000");
  EXPECT_EQ(ask("PUT", R"({"now":0})").status, 200u);
  expect_now("0.000");
  EXPECT_EQ(ask("POST", R"({"advance":61.5})").status, 200u);
  expect_now("61.500");
  world_.clock.advance(std::chrono::seconds(5));
  expect_now("61.500");
  EXPECT_EQ(ask("PUT", R"({"now":null})").status, 200u);
  expect_now("1800000005.000");
  EXPECT_EQ(ask("POST", R"({"advance":-5})").status, 200u);
  expect_now("1800000000.000");
}

TEST_F(DevClockApiTest, RefusesWhatIsNoTime) {
  for (const char* body :
       {"", "{}", R"({"now":-1})", R"({"now":"1"})", R"({"now":1e15})", R"({"now":253402300800})"}) {
    EXPECT_EQ(ask("PUT", body).status, 400u) << body;
  }
  for (const char* body :
       {"", "{}", R"({"advance":null})", R"({"advance":-1800000001})", R"({"advance":1e300})"}) {
    EXPECT_EQ(ask("POST", body).status, 400u) << body;
  }
  expect_now("1800000000.000");
}

TEST_F(DevClockApiTest, IsForAdministratorsOfEveryAccount) {
  EXPECT_EQ(ask("PUT", R"({"now":0})", "chief").status, 403u);
  EXPECT_EQ(ask("PUT", R"({"now":0})", "writer").status, 403u);
  EXPECT_EQ(ask("PUT", R"({"now":0})", "unknown").status, 403u);
  EXPECT_EQ(ask("DELETE", "").status, 405u);
  expect_now("1800000000.000");
}

TEST_F(DevClockApiTest, DecidesAboutExpiryAndNotAboutVersions) {
  KvService kv(*world_.engine, world_.clock, {.expiry_clock = &clock_});
  const Place place{world_.account, world_.ns};
  const Key key = Key::parse("k").value();
  const auto put = [&](RawExpiration expiration) {
    OddPiecesBody body("v");
    body.allow(1);
    RequestHead head;
    return run(kv.put(place, key, std::move(expiration), *make_binding_value(head, body)));
  };
  clock_.set(Timestamp(std::chrono::seconds(0)));
  ASSERT_TRUE(put({.expiration = {}, .expiration_ttl = "60"}));
  const auto head = run(kv.head(place, key)).value();
  EXPECT_EQ(head.expiration, Instant(std::chrono::seconds(60)));
  clock_.set(Timestamp(std::chrono::milliseconds(59'999)));
  EXPECT_TRUE(run(kv.head(place, key)));
  clock_.set(Timestamp(std::chrono::seconds(60)));
  EXPECT_FALSE(run(kv.head(place, key)));
  ASSERT_TRUE(put({}));
  EXPECT_GT(run(kv.head(place, key)).value().version, head.version);
  // Real time is what versions are made of: 1,800,000,000 s is more than 60 s in any unit.
  EXPECT_GT(static_cast<std::uint64_t>(head.version), 1'800'000'000'000u);
}

}  // namespace
}  // namespace cubby::wire
