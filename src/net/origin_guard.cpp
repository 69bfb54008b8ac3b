#include "net/origin_guard.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <cctype>

#include "core/limits.hpp"
#include "wire/names.hpp"

namespace cubby {
namespace {

constexpr std::string_view scheme_end = "://";

bool equals_without_case(std::string_view a, std::string_view b) {
  return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

std::string_view without_port(std::string_view authority) {
  const auto colon = authority.rfind(':');
  const bool has_port = colon != authority.npos && authority.find(']', colon) == authority.npos;
  return has_port ? authority.substr(0, colon) : authority;
}

// Whether it is an address or a name of the loopback, which no site can have for its own.
bool is_out_of_dns(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  boost::asio::ip::make_address(std::string(host), error);
  constexpr std::string_view loopback = "localhost";
  constexpr std::string_view below_loopback = ".localhost";
  const bool is_below = host.size() > below_loopback.size() &&
                        equals_without_case(host.substr(host.size() - below_loopback.size()), below_loopback);
  return !error || equals_without_case(host, loopback) || is_below;
}

// Of fetch: the page may call and read with any header, but sends no cookies, for there are none.
Response preflight_response() {
  Response response;
  response.headers.emplace_back("access-control-allow-methods", "GET, HEAD, PUT, POST, DELETE");
  response.headers.emplace_back("access-control-allow-headers", "*, authorization");
  response.headers.emplace_back("access-control-max-age", "600");
  return response;
}

}  // namespace

Result<std::string> parse_origin(std::string text) {
  const auto malformed = [&] {
    return fail(Errc::internal,
                "'" + text + "' is no origin such as https://app.example or http://localhost:3000");
  };
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto end = text.find(scheme_end);
  if (end == text.npos || end == 0) return malformed();
  const std::string_view scheme = std::string_view(text).substr(0, end);
  const std::string_view authority = std::string_view(text).substr(end + scheme_end.size());
  const auto is_printable = [](char c) { return c > ' ' && c <= '~'; };
  const bool is_plain = std::all_of(text.begin(), text.end(), is_printable) &&
                        authority.find_first_of("/?#@*\\,") == authority.npos;
  if (!is_plain || without_port(authority).empty() || authority.ends_with(':')) return malformed();
  const bool has_usual_port =
      (scheme == "http" && authority.ends_with(":80")) || (scheme == "https" && authority.ends_with(":443"));
  if (has_usual_port) text.resize(text.rfind(':'));
  return text;
}

Task<Response> OriginGuard::check(const RequestHead& head, RequestBody& body, RememberedCaller& caller) {
  const std::string_view origin = *head.origin;
  if (is_own(head)) co_return co_await next_.handle(head, body, caller);
  if (!is_allowed(origin)) {
    body.allow(limits::request_body_bytes_max_unauthenticated);
    co_return next_.refusal(fail(Errc::origin_refused, std::string(origin)));
  }
  Response response;
  if (head.method_text == "OPTIONS")
    response = preflight_response();
  else  // not one expression with the other: see BindingApi::find_place
    response = co_await next_.handle(head, body, caller);
  response.headers.emplace_back("access-control-allow-origin", std::string(origin));
  response.headers.emplace_back("access-control-expose-headers", "*");
  response.headers.emplace_back("vary", "origin");
  co_return response;
}

bool OriginGuard::is_own(const RequestHead& head) const {
  if (!head.host) return false;
  const auto end = head.origin->find(scheme_end);
  if (end == head.origin->npos) return false;
  const std::string_view authority = head.origin->substr(end + scheme_end.size());
  if (!equals_without_case(authority, *head.host)) return false;
  return !rules_.is_local || is_out_of_dns(without_port(authority));
}

bool OriginGuard::is_allowed(std::string_view origin) const {
  return std::find(rules_.allowed.begin(), rules_.allowed.end(), origin) != rules_.allowed.end();
}

}  // namespace cubby
