// Moves the clock that decides about expiry, so that a test of a TTL need not wait (`--dev-clock`).
#pragma once

#include "core/clock.hpp"
#include "net/http_handler.hpp"
#include "service/access.hpp"

namespace cubby {

// Serves one path and passes every other request on:
//   PUT /cubby/v1/dev/clock {"now": SECONDS or null}   sets it, or returns to real time
//   POST /cubby/v1/dev/clock {"advance": SECONDS}      moves it; a negative number moves it back
// Seconds may have fractions; times are since the epoch, from 1970 to the year 9999. Both answer {"now":
// SECONDS}, as GET does. For administrators' tokens alone.
class DevClockApi final : public HttpHandler {
 public:
  DevClockApi(HttpHandler& next, Access& access, DevClock& clock)
      : next_(next), access_(access), clock_(clock) {}

  Task<Response> handle(const RequestHead& head, RequestBody& body) override;
  Response refusal(const Error& error) override { return next_.refusal(error); }

 private:
  Task<Result<Response>> call(const RequestHead& head, RequestBody& body);

  HttpHandler& next_;
  Access& access_;
  DevClock& clock_;
};

}  // namespace cubby
