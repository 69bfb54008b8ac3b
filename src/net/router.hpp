// From the raw target of a request to its route: a table, matched segment by segment before anything is
// decoded.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "core/entry.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "wire/http_message.hpp"

namespace cubby {

class RestApi;
struct Call;

using RouteHandler = Task<Result<Response>> (*)(RestApi& api, Call& call);

// `pattern` is segments: a word, {account}, {namespace}, {name}, {key...}, which takes the rest of the path
// whatever is in it, or {kv}, which is `storage/kv` or Cloudflare's older name for it, `workers`.
struct Route {
  Method method;
  std::string_view pattern;
  RouteHandler handler;
  Right right;                 // what the caller needs in the account
  std::string_view operation;  // the word that messages begin with
};

// What the variable segments of a pattern matched, raw. Views of the target.
struct RouteMatch {
  const Route* route = nullptr;
  std::string_view account{};
  std::string_view namespace_id{};
  std::string_view key{};
  std::string_view name{};
};

// The path of a target in origin or absolute form, without prefix of the API and query. Both prefixes are
// served, and
// `//` directly after one is taken as `/` (wrangler, when its base address ends with a slash); everywhere
// else an empty segment is an empty segment.
std::string_view api_path(std::string_view target);

// A first look, for hardly any target is: whether it may be of Cubby's own API, which is at the root and
// under the prefix of the REST API.
bool may_be_own(std::string_view target);

// The route of a path and a method; HEAD finds the route of GET. A trailing slash matters:
// `…/namespaces/{id}/` is no route, because clients send it when a key is `..`. Errors: route_unknown, with
// the path as sent; method_not_allowed, with the method. `allowed` then lists what would do.
Result<RouteMatch> find_route(std::span<const Route> routes, std::string_view path, const RequestHead& head,
                              std::string& allowed);

}  // namespace cubby
