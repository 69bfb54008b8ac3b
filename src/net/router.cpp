#include "net/router.hpp"

#include "wire/names.hpp"
#include "wire/target.hpp"

namespace cubby {
namespace {

std::string_view take_segment(std::string_view& path) {
  const auto slash = path.find('/');
  const auto segment = path.substr(0, slash);
  path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
  return segment;
}

// Splits like `take_segment`, and says whether a segment was there: "a/" has two, the second one empty.
struct Segments {
  std::string_view rest;
  bool is_at_end = false;

  explicit Segments(std::string_view text) : rest(text) {}
  std::string_view take() {
    is_at_end = rest.find('/') == rest.npos;
    return take_segment(rest);
  }
};

bool match_segments(std::string_view pattern_text, std::string_view path_text, RouteMatch& match) {
  Segments pattern(pattern_text);
  Segments path(path_text);
  while (!pattern.is_at_end) {
    if (path.is_at_end) return false;
    if (pattern.rest == "{key...}") {
      match.key = path.rest;
      return true;
    }
    const auto expected = pattern.take();
    const auto segment = path.take();
    if (expected == "{kv}") {
      const bool is_current = segment == "storage" && !path.is_at_end && path.take() == "kv";
      if (!is_current && segment != "workers") return false;
      continue;
    }
    if (expected == "{account}")
      match.account = segment;
    else if (expected == "{namespace}")
      match.namespace_id = segment;
    else if (expected == "{name}")
      match.name = segment;
    else if (expected != segment)
      return false;
    // A variable segment is never empty: `…/namespaces//keys` is no route.
    if (segment.empty()) return false;
  }
  return path.is_at_end;
}

void add_allowed(std::string& allowed, Method method) {
  constexpr std::string_view names[] = {"GET, HEAD", "HEAD", "PUT", "POST", "DELETE"};
  if (!allowed.empty()) allowed += ", ";
  allowed += names[static_cast<std::size_t>(method)];
}

}  // namespace

std::string_view api_path(std::string_view target) {
  std::string_view path = path_of(target);
  if (path.starts_with(names::rest_prefix) && path.substr(names::rest_prefix.size()).starts_with('/')) {
    path.remove_prefix(names::rest_prefix.size());
  }
  while (path.starts_with("//")) path.remove_prefix(1);
  return path;
}

bool may_be_own(std::string_view target) {
  constexpr std::string_view begin = "/cu";
  constexpr auto prefix = names::rest_prefix.size();
  return target.starts_with(begin) || (target.size() > prefix && target.substr(prefix).starts_with(begin));
}

Result<RouteMatch> find_route(std::span<const Route> routes, std::string_view path, const RequestHead& head,
                              std::string& allowed) {
  const Method method = head.method == Method::head ? Method::get : head.method;
  std::string_view relative = path;
  if (relative.starts_with('/')) relative.remove_prefix(1);
  for (const Route& route : routes) {
    RouteMatch match{.route = &route};
    if (route.method == method && match_segments(route.pattern, relative, match)) return match;
  }
  for (const Route& route : routes) {
    RouteMatch match{.route = &route};
    if (match_segments(route.pattern, relative, match)) add_allowed(allowed, route.method);
  }
  if (!allowed.empty()) return fail(Errc::method_not_allowed, std::string(head.method_text));
  return fail(Errc::route_unknown, std::string(head.target.substr(0, head.target.find('?'))));
}

}  // namespace cubby
