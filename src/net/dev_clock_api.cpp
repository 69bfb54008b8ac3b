#include "net/dev_clock_api.hpp"

#include "core/limits.hpp"
#include "net/confirmed_body.hpp"
#include "net/credentials.hpp"
#include "wire/names.hpp"
#include "wire/rest_request.hpp"
#include "wire/rest_response.hpp"
#include "wire/target.hpp"

namespace cubby {

Task<Response> DevClockApi::handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) {
  if (path_of(head.target) != names::dev_clock) co_return co_await next_.handle(head, body, caller);
  body.allow(limits::json_body_bytes_max);
  auto response = co_await call(head, body, caller);
  if (response) co_return std::move(*response);
  Response refused = error_response("clock", response.error());
  if (response.error().code == Errc::method_not_allowed) {
    refused.headers.emplace_back(names::header::allow, "GET, PUT, POST");
  }
  co_return refused;
}

Task<Result<Response>> DevClockApi::call(const RequestHead& head, RequestBody& body,
                                         RememberedCaller& caller) {
  const auto credentials = credentials_in(head);
  if (!credentials) co_return credentials.error();
  const auto grant = co_await access_.authenticate(*credentials, caller);
  if (!grant) co_return grant.error();
  // The clock is that of every account.
  if (!(*grant)->is_everywhere()) co_return fail(Errc::permission_missing);

  ConfirmedBody confirmed_body(body, access_, caller);
  if (head.method == Method::put) {
    const auto time = co_await read_clock_time(confirmed_body);
    if (!time) co_return time.error();
    if (*time)
      clock_.set(**time);
    else
      clock_.return_to_real();
  } else if (head.method == Method::post) {
    const auto time = co_await read_clock_advance(confirmed_body, clock_.now());
    if (!time) co_return time.error();
    clock_.set(*time);
  } else if (head.method != Method::get) {
    co_return fail(Errc::method_not_allowed, std::string(head.method_text));
  }
  co_return clock_response(clock_.now());
}

}  // namespace cubby
