// The worker binding: finds the call and its namespace, asks who is calling, acts.
#pragma once

#include <optional>
#include <string>

#include "net/audit_log.hpp"
#include "net/connection.hpp"
#include "net/http_handler.hpp"
#include "service/access.hpp"
#include "service/kv_service.hpp"
#include "service/namespaces.hpp"
#include "wire/binding_request.hpp"

namespace cubby {

// Whether callers of the binding prove who they are.
enum class BindingAuth {
  token,  // by `Authorization: Bearer`, as on the REST API
  none,   // whoever reaches the listener may do everything
};

struct BindingOptions {
  AccountId account;  // the one whose titles are meant, unless a token belongs to another
  BindingAuth auth = BindingAuth::token;
  std::optional<std::string> default_namespace{};  // an id or a title, for requests that name none
  bool creates_namespaces = false;                 // that are named by a title and not there, on reads too
};

// Serves everything on a binding listener. The whole of a request is read before it is answered, whoever
// sends it: newer workerds report a status that comes earlier as a lost connection.
class BindingApi final : public HttpHandler {
 public:
  // `audit` may be null.
  BindingApi(KvService& kv, Namespaces& namespaces, Access& access, BindingOptions options,
             AuditLog* audit = nullptr)
      : kv_(kv), namespaces_(namespaces), access_(access), options_(std::move(options)), audit_(audit) {}

  Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) override;
  Response refusal(const Error& error) override;

 private:
  // `kind` is told as soon as it is known.
  Task<Result<Response>> call(const RequestHead& head, RequestBody& body, RememberedCaller& caller,
                              RequestKind& kind, AuditedCall& audited);
  Task<Result<Response>> act(Place place, const BindingRequest& request, const RequestHead& head,
                             RequestBody& body);
  Task<Result<const Grant*>> authenticate(const RequestHead& head, RememberedCaller& caller);
  Task<Result<Place>> find_place(const Grant& grant, const BindingRequest& request, AuditedCall& audited);

  KvService& kv_;
  Namespaces& namespaces_;
  Access& access_;
  const BindingOptions options_;
  AuditLog* const audit_;
  const Grant everything_{TokenId{{}}, "", Right::admin, std::nullopt, std::nullopt};
};

// workerd keeps idle connections for five seconds and takes it for a loss when one ends as it sends; so it is
// the one who ends them, also at a stop.
ConnectionRules binding_connection_rules();

}  // namespace cubby
