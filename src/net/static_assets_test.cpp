#include "net/static_assets.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/run_task.hpp"

namespace cubby {
namespace {

constexpr unsigned char page_bytes[] = {'<', 'p', '>'};
constexpr unsigned char script_bytes[] = {0x1f, 0x8b, 0};
constexpr StaticAsset assets[] = {
    {"/", "text/html", R"("page")", page_bytes, false},
    {"/console/script.js", "text/javascript", R"("script")", script_bytes, true},
};

// Stands for the API: answers everything with 418.
class Next final : public HttpHandler {
 public:
  Task<Response> handle(const RequestHead&, RequestBody&, RememberedCaller&) override {
    Response response;
    response.status = 418;
    co_return response;
  }
  Response refusal(const Error&) override { return {}; }
};

class NoBody final : public RequestBody {
 public:
  Task<Result<std::string_view>> read() override { co_return std::string_view{}; }
  void allow(std::uint64_t) override {}
  void keep_all() override {}
  Result<void> hold(std::size_t) override { return {}; }
  Task<bool> client_leaves_within(std::chrono::milliseconds) override { co_return false; }
};

Response ask(std::string_view target, Method method = Method::get,
             std::optional<std::string_view> if_none_match = {}) {
  Next next;
  StaticAssets site(assets, next);
  RequestHead head;
  head.method = method;
  head.target = target;
  head.if_none_match = if_none_match;
  NoBody body;
  RememberedCaller caller;
  return run(site.handle(head, body, caller));
}

std::string header(const Response& response, std::string_view name) {
  const auto found = std::find_if(response.headers.begin(), response.headers.end(),
                                  [&](const auto& each) { return each.first == name; });
  return found == response.headers.end() ? "" : found->second;
}

TEST(StaticAssets, ThePageIsAskedForAgain) {
  const Response response = ask("/");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.first_piece(), "<p>");
  EXPECT_EQ(response.content_type, "text/html");
  EXPECT_EQ(header(response, "cache-control"), "no-cache");
  EXPECT_EQ(header(response, "content-encoding"), "");
}

TEST(StaticAssets, WhatIsNamedByItsContentIsKept) {
  const Response response = ask("/console/script.js?query");
  EXPECT_EQ(response.first_piece(), std::string("\x1f\x8b\0", 3));
  EXPECT_EQ(header(response, "cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(response, "content-encoding"), "gzip");
}

TEST(StaticAssets, ThePolicyAllowsNothingFromElsewhere) {
  const std::string policy = header(ask("/"), "content-security-policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; "));
  EXPECT_NE(policy.find("frame-ancestors 'none'"), policy.npos);
  EXPECT_EQ(policy.find("unsafe"), policy.npos);
  EXPECT_EQ(header(ask("/"), "x-content-type-options"), "nosniff");
}

TEST(StaticAssets, AKnownEtagIsNotModified) {
  const Response response = ask("/", Method::get, R"("other", "page")");
  EXPECT_EQ(response.status, 304U);
  EXPECT_TRUE(response.first_piece().empty());
  EXPECT_EQ(ask("/", Method::get, R"("script")").status, 200U);
}

TEST(StaticAssets, EverythingElseIsTheNextHandlers) {
  for (const std::string_view target :
       {"", "//", "http://host/console/", "/console/", "/console/script.jsx", "/client/v4/", "*"}) {
    EXPECT_EQ(ask(target).status, 418U) << target;
  }
  EXPECT_EQ(ask("/", Method::post).status, 418U);
  EXPECT_EQ(ask("http://host/").status, 200U);
  EXPECT_EQ(ask("/", Method::head).status, 200U);
}

}  // namespace
}  // namespace cubby
