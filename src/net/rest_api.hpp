// The REST API v4: finds the route, asks who is calling, lets the handler act.
#pragma once

#include <string>

#include "net/audit_log.hpp"
#include "net/http_handler.hpp"
#include "net/router.hpp"
#include "service/access.hpp"
#include "service/kv_service.hpp"
#include "service/namespace_calls.hpp"
#include "service/namespaces.hpp"
#include "service/tokens.hpp"
#include "wire/percent.hpp"

namespace cubby {

// Serves everything on the API listener: `/client/v4/…`, the same at the root, `/cubby/v1/…` and `/healthz`.
class RestApi final : public HttpHandler {
 public:
  // `audit` may be null.
  RestApi(KvService& kv, Namespaces& namespaces, Access& access, Tokens& tokens, const NamespaceCalls& calls,
          AuditLog* audit = nullptr)
      : kv_(kv), namespaces_(namespaces), access_(access), tokens_(tokens), calls_(calls), audit_(audit) {}

  Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) override;
  Response refusal(const Error& error) override;

  KvService& kv() { return kv_; }
  Namespaces& namespaces() { return namespaces_; }
  Access& access() { return access_; }
  Tokens& tokens() { return tokens_; }
  const NamespaceCalls& calls() { return calls_; }

 private:
  Task<Result<Response>> call_route(const RouteMatch& match, const RequestHead& head, RequestBody& body,
                                    RememberedCaller& caller, AuditedCall& audited);
  Task<Result<const Grant*>> authenticate(const RequestHead& head, RememberedCaller& caller);
  Task<Result<AccountId>> find_account(const RouteMatch& match, const RequestHead& head,
                                       RememberedCaller& caller);

  KvService& kv_;
  Namespaces& namespaces_;
  Access& access_;
  Tokens& tokens_;
  const NamespaceCalls& calls_;
  AuditLog* const audit_;
};

// One call of a route, after all checks that do not depend on the route.
struct Call {
  const RequestHead& head;
  RequestBody& body;
  Query query;
  const Grant& grant;
  Place place;                   // as far as the route names it
  std::string_view key_segment;  // as sent
  std::string_view name_segment;
  AuditedCall& audited;
};

// The whole table.
std::span<const Route> rest_routes();

}  // namespace cubby
