#include "net/router.hpp"

#include <gtest/gtest.h>

#include "wire/target.hpp"

#include "net/rest_api.hpp"

namespace cubby {
namespace {

RequestHead request(Method method, std::string_view method_text) {
  RequestHead head;
  head.method = method;
  head.method_text = method_text;
  return head;
}

struct Found {
  std::string pattern;  // empty: no route
  std::string account;
  std::string namespace_id;
  std::string key;
  Errc error{};
  std::string allowed;
};

Found find(std::string_view path, Method method = Method::get, std::string_view method_text = "GET") {
  Found found;
  const auto match = find_route(rest_routes(), path, request(method, method_text), found.allowed);
  if (!match) {
    found.error = match.error().code;
    return found;
  }
  found.pattern = match->route->pattern;
  found.account = match->account;
  found.namespace_id = match->namespace_id;
  found.key = match->key;
  return found;
}

constexpr std::string_view kv = "accounts/{account}/{kv}/namespaces";

TEST(ApiPath, IsTheTargetWithoutPrefixAndQuery) {
  EXPECT_EQ(api_path("/client/v4/accounts?page=1"), "/accounts");
  EXPECT_EQ(api_path("/accounts?a=/client/v4/x"), "/accounts");
  EXPECT_EQ(api_path("/client/v4/"), "/");
  EXPECT_EQ(api_path("/client/v4/client/v4/user"), "/client/v4/user");
}

TEST(ApiPath, TakesOnlyTheWholePrefix) {
  EXPECT_EQ(api_path("/client/v4"), "/client/v4");
  EXPECT_EQ(api_path("/client/v4x/user"), "/client/v4x/user");
  EXPECT_EQ(api_path("/Client/v4/user"), "/Client/v4/user");
}

TEST(ApiPath, TakesSlashesAfterThePrefixAsOne) {
  EXPECT_EQ(api_path("/client/v4//accounts//a"), "/accounts//a");
  EXPECT_EQ(api_path("//accounts"), "/accounts");
}

TEST(ApiPath, DropsSchemeAndHostOfAnAbsoluteTarget) {
  EXPECT_EQ(api_path("http://host:1/client/v4/user?x"), "/user");
  EXPECT_EQ(api_path("https://host/user"), "/user");
  EXPECT_EQ(api_path("http://host"), "/");
  EXPECT_EQ(api_path("/accounts/a/storage/kv/namespaces/n/values/http://x/y"),
            "/accounts/a/storage/kv/namespaces/n/values/http://x/y");
}

TEST(MayBeOwn, LooksAtTheRootAndUnderThePrefix) {
  EXPECT_TRUE(may_be_own("/cubby/v1/backups"));
  EXPECT_TRUE(may_be_own("/client/v4/cubby/v1/backups"));
  EXPECT_FALSE(may_be_own("/client/v4/accounts"));
  EXPECT_FALSE(may_be_own("/client/v4"));
  EXPECT_FALSE(may_be_own("/accounts/cubby"));
  EXPECT_FALSE(may_be_own(""));
}

TEST(QueryOf, BeginsAtTheFirstQuestionMark) {
  EXPECT_EQ(query_of("/a?b=c?d"), "b=c?d");
  EXPECT_EQ(query_of("/a?"), "");
  EXPECT_EQ(query_of("/a"), "");
}

TEST(Router, FindsTheVariableSegmentsRaw) {
  const Found found = find("/accounts/A%41/storage/kv/namespaces/N/values/a%2Fb/c//%zz/");
  EXPECT_EQ(found.pattern, std::string(kv) + "/{namespace}/values/{key...}");
  EXPECT_EQ(found.account, "A%41");
  EXPECT_EQ(found.namespace_id, "N");
  EXPECT_EQ(found.key, "a%2Fb/c//%zz/");
}

TEST(Router, FindsTheOlderNameOfTheRoutes) {
  EXPECT_EQ(find("/accounts/a/workers/namespaces/n").pattern, std::string(kv) + "/{namespace}");
  EXPECT_EQ(find("/accounts/a/workers/scripts/s/settings").pattern,
            "accounts/{account}/workers/scripts/{name}/settings");
  EXPECT_EQ(find("/accounts/a/workers/kv/namespaces").pattern, "");
  EXPECT_EQ(find("/accounts/a/storage/namespaces").pattern, "");
}

TEST(Router, FindsTheRouteOfGetForHead) {
  EXPECT_EQ(find("/user", Method::head, "HEAD").pattern, "user");
}

TEST(Router, TakesATrailingSlashSeriously) {
  const std::string ns = "/accounts/a/storage/kv/namespaces/n";
  for (const Method method : {Method::get, Method::put, Method::post, Method::delete_}) {
    for (const std::string& path :
         {ns + "/", ns + "/keys/", ns + "/bulk/", ns + "/bulk/get/", ns + "/bulk/delete/", ns + "/values",
          ns + "/metadata", std::string("/accounts/a/storage/kv/namespaces/"), std::string("/accounts/"),
          std::string("/user/"), std::string("/"), std::string()}) {
      EXPECT_EQ(find(path, method, "X").error, Errc::route_unknown) << path;
    }
  }
}

TEST(Router, FindsTheEmptyKey) {
  const Found found = find("/accounts/a/storage/kv/namespaces/n/values/", Method::delete_, "DELETE");
  EXPECT_EQ(found.pattern, std::string(kv) + "/{namespace}/values/{key...}");
  EXPECT_EQ(found.key, "");
}

TEST(Router, ResolvesNoDots) {
  EXPECT_EQ(find("/accounts/a/storage/kv/namespaces/n/values/..", Method::delete_, "DELETE").key, "..");
  EXPECT_EQ(find("/accounts/a/storage/kv/namespaces/n/values/../x").key, "../x");
  EXPECT_EQ(find("/accounts/a/storage/kv/namespaces/n/keys/..").error, Errc::route_unknown);
  EXPECT_EQ(find("/accounts/a/storage/kv/namespaces/n/..").error, Errc::route_unknown);
  EXPECT_EQ(find("/accounts/x/../a/storage/kv/namespaces").error, Errc::route_unknown);
  EXPECT_EQ(find("/./user").error, Errc::route_unknown);
}

TEST(Router, NeverTakesAnEmptySegmentForAName) {
  EXPECT_EQ(find("/accounts//storage/kv/namespaces").error, Errc::route_unknown);
  EXPECT_EQ(find("/accounts/a/storage/kv/namespaces//keys").error, Errc::route_unknown);
  EXPECT_EQ(find("/accounts/a/workers/scripts//settings").error, Errc::route_unknown);
  EXPECT_EQ(find("/accounts/a//storage/kv/namespaces").error, Errc::route_unknown);
}

TEST(Router, TellsWhichMethodsWouldDo) {
  const Found found = find("/accounts/a/storage/kv/namespaces/n", Method::other, "PATCH");
  EXPECT_EQ(found.error, Errc::method_not_allowed);
  EXPECT_EQ(found.allowed, "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(find("/nowhere", Method::other, "PATCH").allowed, "");
}

}  // namespace
}  // namespace cubby
