#include "net/monitor_api.hpp"

#include <spdlog/spdlog.h>

#include "core/limits.hpp"
#include "net/credentials.hpp"
#include "net/router.hpp"
#include "wire/error_table.hpp"
#include "wire/names.hpp"
#include "wire/rest_response.hpp"
#include "wire/target.hpp"

namespace cubby {
namespace {

// Whether `grant` has the right everywhere in this server.
bool is_everywhere(const Grant& grant, Right right) {
  return grant.right >= right && !grant.account && grant.is_unscoped();
}

}  // namespace

Task<Response> MonitorApi::handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) {
  // Hardly any request is for us, and most show it by their first letters.
  const bool may_be_ours =
      head.target.starts_with("/m") || head.target.starts_with("/r") || may_be_own(head.target);
  if (!may_be_ours) return next_.handle(head, body, caller);
  const std::string_view path = path_of(head.target);
  if (path == names::metrics || path == names::readiness || api_path(head.target) == names::activity)
    return answer(head, body, caller);
  return next_.handle(head, body, caller);
}

Task<Response> MonitorApi::answer(const RequestHead& head, RequestBody& body, RememberedCaller& caller) {
  body.allow(limits::request_body_bytes_max_unauthenticated);
  auto result = co_await call(head, caller);
  Response response = result ? std::move(*result) : error_response("monitor", result.error());
  if (!result && result.error().code == Errc::method_not_allowed)
    response.headers.emplace_back(names::header::allow, "GET, HEAD");
  if (!result && response.status >= 500)
    spdlog::error("monitor: {} (request {})", result.error().argument, head.request_id.value_or(""));
  response.kind = RequestKind::operations;
  co_return response;
}

Task<Result<Response>> MonitorApi::readiness() {
  const auto writable = co_await monitor_.check_writable();
  Response response;
  response.status = writable ? 200 : 503;
  response.content_type = names::media::text;
  response.body = (writable ? "ready" : error_text(writable.error())) + "\n";
  co_return response;
}

Task<Result<Response>> MonitorApi::call(const RequestHead& head, RememberedCaller& caller) {
  const bool is_metrics = path_of(head.target) == names::metrics;
  const bool is_readiness = path_of(head.target) == names::readiness;
  const bool is_open = is_readiness || (is_metrics && auth_ == MetricsAuth::none);
  if (!is_open) {
    const auto credentials = credentials_in(head);
    if (!credentials) co_return credentials.error();
    const auto grant = co_await access_.authenticate(*credentials, caller);
    if (!grant) co_return grant.error();
    if (!is_everywhere(**grant, is_metrics ? Right::read : Right::admin))
      co_return fail(Errc::permission_missing);
  }
  if (head.method != Method::get && head.method != Method::head)
    co_return fail(Errc::method_not_allowed, std::string(head.method_text));
  if (is_readiness) co_return co_await readiness();
  if (!is_metrics) co_return json_response(monitor_.activity().json());
  auto metrics = co_await monitor_.metrics();
  if (!metrics) co_return metrics.error();
  Response response;
  response.content_type = names::media::metrics;
  response.body = std::move(*metrics);
  co_return response;
}

}  // namespace cubby
