// The calls by which a server is watched.
#pragma once

#include "net/http_handler.hpp"
#include "net/monitor.hpp"

namespace cubby {

enum class MetricsAuth { token, none };

// Serves three paths and passes every other request on:
//   GET /readyz              200 while puts are taken, otherwise 503 and why not, in words; for everybody
//   GET /metrics             figures in Prometheus' text format; for tokens that may read every account, and
//                            with MetricsAuth::none for everybody
//   GET /cubby/v1/activity   the last hour as JSON; for administrators of every account
class MonitorApi final : public HttpHandler {
 public:
  MonitorApi(HttpHandler& next, Access& access, Monitor& monitor, MetricsAuth auth)
      : next_(next), access_(access), monitor_(monitor), auth_(auth) {}

  Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) override;
  Response refusal(const Error& error) override { return next_.refusal(error); }

 private:
  Task<Response> answer(const RequestHead& head, RequestBody& body, RememberedCaller& caller);
  Task<Result<Response>> readiness();
  Task<Result<Response>> call(const RequestHead& head, RememberedCaller& caller);

  HttpHandler& next_;
  Access& access_;
  Monitor& monitor_;
  const MetricsAuth auth_;
};

}  // namespace cubby
