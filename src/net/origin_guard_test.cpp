#include "net/origin_guard.hpp"

#include <gtest/gtest.h>

#include "tests/support/run_task.hpp"
#include "wire/rest_response.hpp"

namespace cubby {
namespace {

class Next final : public HttpHandler {
 public:
  Task<Response> handle(const RequestHead&, RequestBody&, RememberedCaller&) override {
    co_return Response{};
  }
  Response refusal(const Error& error) override { return error_response("", error); }
};

class NoBody final : public RequestBody {
 public:
  Task<Result<std::string_view>> read() override { co_return std::string_view{}; }
  void allow(std::uint64_t) override {}
  void keep_all() override {}
  Result<void> hold(std::size_t) override { return {}; }
  Task<bool> client_leaves_within(std::chrono::milliseconds) override { co_return false; }
};

unsigned status_for(std::optional<std::string_view> host, std::optional<std::string_view> origin,
                    const OriginRules& rules = {}) {
  Next next;
  OriginGuard guard(next, rules);
  RequestHead head;
  head.method = Method::put;
  head.method_text = "PUT";
  head.host = host;
  head.origin = origin;
  NoBody body;
  RememberedCaller caller;
  return run(guard.handle(head, body, caller)).status;
}

TEST(OriginGuard, LetsProgramsThroughByWhateverNameTheyCall) {
  EXPECT_EQ(status_for("127.0.0.1:8484", {}), 200U);
  EXPECT_EQ(status_for("kv.example:8484", {}), 200U);
  EXPECT_EQ(status_for({}, {}), 200U);
}

TEST(OriginGuard, KnowsTheOwnOriginByItsHost) {
  for (const std::string host : {"127.0.0.1:8484", "localhost:8484", "LocalHost:8484", "[::1]:8484",
                                 "127.0.0.1", "cubby.localhost:8484", "192.0.2.7:8484"}) {
    EXPECT_EQ(status_for(host, "http://" + host), 200U) << host;
    EXPECT_EQ(status_for(host, "https://" + host), 200U) << host;
  }
  for (const char* const origin : {"http://localhost", "http://localhost:8485", "http://127.0.0.1:8484",
                                   "null", "", "localhost:8484", "http://localhost:8484.evil.example"}) {
    EXPECT_EQ(status_for("localhost:8484", origin), 403U) << origin;
  }
  EXPECT_EQ(status_for({}, "http://"), 403U);
}

TEST(OriginGuard, DoesNotTrustANameThatAnySiteCouldPointAtThisMachine) {
  for (const std::string host : {"evil.example:8484", "evil.example", "127.0.0.1.evil.example:8484",
                                 "localhost.evil.example", "evillocalhost", ".localhost", "[evil]:8484"}) {
    EXPECT_EQ(status_for(host, "http://" + host), 403U) << host;
  }
  EXPECT_EQ(status_for("kv.example:8484", "http://kv.example:8484", {.is_local = false}), 200U);
  EXPECT_EQ(status_for("kv.example", "https://kv.example", {.allowed = {"https://kv.example"}}), 200U);
}

TEST(OriginGuard, TakesOriginsAsBrowsersWriteThem) {
  EXPECT_EQ(parse_origin("https://App.Example").value(), "https://app.example");
  EXPECT_EQ(parse_origin("https://app.example:443").value(), "https://app.example");
  EXPECT_EQ(parse_origin("http://app.example:80").value(), "http://app.example");
  EXPECT_EQ(parse_origin("http://localhost:3000").value(), "http://localhost:3000");
  EXPECT_EQ(parse_origin("http://[::1]:3000").value(), "http://[::1]:3000");
  EXPECT_EQ(parse_origin("chrome-extension://abcdef").value(), "chrome-extension://abcdef");
  for (const char* const text :
       {"", "null", "*", "app.example", "https://", "https://*.example", "https://app.example/",
        "https://app.example/x", "https://a b", "://x", "https://:443", "https://a:", "https://user@a"}) {
    EXPECT_FALSE(parse_origin(text)) << text;
  }
}

}  // namespace
}  // namespace cubby
