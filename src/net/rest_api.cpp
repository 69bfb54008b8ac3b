#include "net/rest_api.hpp"

#include "core/limits.hpp"
#include "net/confirmed_body.hpp"
#include "net/credentials.hpp"
#include "net/fault_log.hpp"
#include "net/rest_handlers.hpp"
#include "wire/names.hpp"
#include "wire/rest_response.hpp"
#include "wire/target.hpp"

namespace cubby {
namespace {

// What a handler is given for a segment that its route does not have; it never looks at it.
const AccountId no_account{AccountId::Bytes{}};
const NamespaceId no_namespace{NamespaceId::Bytes{}};

// The order of the rows decides nothing but the speed: patterns do not overlap.
constexpr Route routes[] = {
    {Method::get, "accounts/{account}/{kv}/namespaces/{namespace}/values/{key...}", get_value, Right::read,
     "get"},
    {Method::put, "accounts/{account}/{kv}/namespaces/{namespace}/values/{key...}", put_value, Right::write,
     "put"},
    {Method::delete_, "accounts/{account}/{kv}/namespaces/{namespace}/values/{key...}", delete_value,
     Right::write, "remove key"},
    {Method::get, "accounts/{account}/{kv}/namespaces/{namespace}/metadata/{key...}", get_metadata,
     Right::read, "get metadata"},
    {Method::get, "accounts/{account}/{kv}/namespaces/{namespace}/keys", list_keys, Right::read, "list keys"},
    {Method::put, "accounts/{account}/{kv}/namespaces/{namespace}/bulk", bulk_put, Right::write,
     "bulk put keys"},
    {Method::delete_, "accounts/{account}/{kv}/namespaces/{namespace}/bulk", bulk_delete, Right::write,
     "bulk remove keys"},
    {Method::post, "accounts/{account}/{kv}/namespaces/{namespace}/bulk/delete", bulk_delete, Right::write,
     "bulk remove keys"},
    {Method::post, "accounts/{account}/{kv}/namespaces/{namespace}/bulk/get", bulk_get, Right::read,
     "bulk get keys"},
    {Method::get, "accounts/{account}/{kv}/namespaces", list_namespaces, Right::read, "list namespaces"},
    {Method::post, "accounts/{account}/{kv}/namespaces", create_namespace, Right::write, "create namespace"},
    {Method::get, "accounts/{account}/{kv}/namespaces/{namespace}", get_namespace, Right::read,
     "get namespace"},
    {Method::put, "accounts/{account}/{kv}/namespaces/{namespace}", rename_namespace, Right::write,
     "rename namespace"},
    {Method::delete_, "accounts/{account}/{kv}/namespaces/{namespace}", delete_namespace, Right::write,
     "remove namespace"},
    {Method::get, "cubby/v1/namespaces/{namespace}/usage", get_usage, Right::read, "get usage"},
    {Method::get, "cubby/v1/accounts", list_accounts, Right::read, "list accounts"},
    {Method::post, "cubby/v1/accounts", create_account, Right::admin, "create account"},
    {Method::get, "cubby/v1/tokens", list_tokens, Right::admin, "list tokens"},
    {Method::post, "cubby/v1/tokens", create_token, Right::admin, "create token"},
    {Method::get, "cubby/v1/tokens/{name}", get_token, Right::admin, "get token"},
    {Method::delete_, "cubby/v1/tokens/{name}", revoke_token, Right::admin, "revoke token"},
    // What wrangler asks around its KV commands.
    {Method::get, "accounts", list_accounts, Right::read, "list accounts"},
    {Method::get, "accounts/{account}", get_account, Right::read, "get account"},
    {Method::get, "accounts/{account}/tokens/verify", verify_token, Right::read, "verify token"},
    {Method::get, "accounts/{account}/workers/scripts/{name}/settings", get_script_settings, Right::read,
     "get script settings"},
    {Method::get, "memberships", list_memberships, Right::read, "list memberships"},
    {Method::get, "user", get_user, Right::read, "get user"},
    {Method::get, "user/tokens/verify", verify_token, Right::read, "verify token"},
};

RequestKind kind_of(const Route& route) {
  struct Kind {
    RouteHandler handler;
    RequestKind kind;
  };
  static constexpr Kind kinds[] = {
      {get_value, RequestKind::get},
      {put_value, RequestKind::put},
      {delete_value, RequestKind::remove},
      {list_keys, RequestKind::list},
      {get_metadata, RequestKind::metadata},
      {bulk_get, RequestKind::bulk_get},
      {bulk_put, RequestKind::bulk_put},
      {bulk_delete, RequestKind::bulk_remove},
      {list_namespaces, RequestKind::namespaces},
      {create_namespace, RequestKind::namespaces},
      {get_namespace, RequestKind::namespaces},
      {rename_namespace, RequestKind::namespaces},
      {delete_namespace, RequestKind::namespaces},
  };
  for (const Kind& each : kinds) {
    if (each.handler == route.handler) return each.kind;
  }
  return route.pattern.starts_with("cubby/") ? RequestKind::operations : RequestKind::accounts;
}

bool is_change(const Route& route) {
  return route.method != Method::get && route.right != Right::read;
}

Task<Response> answer_health(const RequestHead& head) {
  if (head.method != Method::get && head.method != Method::head) {
    Response refused =
        error_response("health", fail(Errc::method_not_allowed, std::string(head.method_text)));
    refused.headers.emplace_back(names::header::allow, "GET, HEAD");
    co_return refused;
  }
  Response response;
  response.content_type = names::media::text;
  response.body = "ok\n";
  co_return response;
}

// The id in the path of a call that reads is a KV matter; on other methods Cloudflare's gateway refuses it
// before.
Error malformed_namespace(const Route& route, const RouteMatch& match, const RequestHead& head) {
  if (route.method == Method::get) return fail(Errc::namespace_id_malformed, std::string(match.namespace_id));
  return fail(Errc::method_not_allowed, std::string(head.method_text));
}

}  // namespace

std::span<const Route> rest_routes() {
  return routes;
}

Task<Response> RestApi::handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) {
  body.allow(limits::request_body_bytes_max_unauthenticated);
  const std::string_view path = api_path(head.target);
  if (path == "/healthz") co_return co_await answer_health(head);
  std::string allowed;
  const auto match = find_route(routes, path, head, allowed);
  if (!match) {
    Response refused = error_response("", match.error());
    if (!allowed.empty()) refused.headers.emplace_back(names::header::allow, allowed);
    co_return refused;
  }
  AuditedCall audited;
  auto response = co_await call_route(*match, head, body, caller, audited);
  const RequestKind kind = kind_of(*match->route);
  const auto audit = [&](unsigned status) {
    if (!audited.grant || !audit_->wants(is_change(*match->route))) return;
    audited.operation = match->route->operation;
    audited.key_segment = match->key;
    audit_->add(audited, head, caller.address, Dialect::rest, status);
  };
  if (response) {
    response->kind = kind;
    if (audit_) audit(response->status);
    co_return std::move(*response);
  }
  const Error& error = response.error();
  Response refused = error_response(match->route->operation, error);
  log_fault(match->route->operation, error, head);
  refused.kind = kind;
  if (audit_) audit(refused.status);
  if (error.code == Errc::method_not_allowed) {  // see malformed_namespace
    refused.headers.emplace_back(names::header::allow, "GET, HEAD");
  }
  co_return refused;
}

Response RestApi::refusal(const Error& error) {
  return error_response("", error);
}

Task<Result<Response>> RestApi::call_route(const RouteMatch& match, const RequestHead& head,
                                           RequestBody& body, RememberedCaller& caller,
                                           AuditedCall& audited) {
  const Route& route = *match.route;
  const auto grant = co_await authenticate(head, caller);
  if (!grant) {
    const bool asks_whether_valid =
        route.handler == verify_token && grant.error().code == Errc::token_refused;
    co_return asks_whether_valid ? fail(Errc::token_unverified) : grant.error();
  }
  ConfirmedBody confirmed_body(body, access_, caller);
  Call call{head,
            confirmed_body,
            Query(query_of(head.target)),
            **grant,
            {no_account, no_namespace, (*grant)->key_prefix},
            match.key,
            match.name,
            audited};
  if (audit_) {
    audited.grant = *grant;
    audited.account = AccountId::parse(match.account);
    audited.namespace_id = NamespaceId::parse(match.namespace_id);
  }
  if (!match.account.empty()) {
    const auto account = co_await find_account(match, head, caller);
    if (!account) co_return account.error();
    call.place.account = *account;
  }
  if (!match.namespace_id.empty()) {
    const auto id = NamespaceId::parse(match.namespace_id);
    if (!id) co_return malformed_namespace(route, match, head);
    if (!(*grant)->reaches(*id)) co_return fail(Errc::permission_missing);
    call.place.namespace_id = *id;
  }
  body.allow(limits::request_body_bytes_max);
  co_return co_await route.handler(*this, call);
}

Task<Result<const Grant*>> RestApi::authenticate(const RequestHead& head, RememberedCaller& caller) {
  const auto credentials = credentials_in(head);
  if (!credentials) co_return credentials.error();
  const auto grant = co_await access_.authenticate(*credentials, caller);
  if (!grant && grant.error().code == Errc::token_refused && !head.authorization) {
    co_return fail(Errc::auth_key_refused);
  }
  co_return grant;
}

Task<Result<AccountId>> RestApi::find_account(const RouteMatch& match, const RequestHead& head,
                                              RememberedCaller& caller) {
  const auto not_found = [&] {
    return fail(Errc::account_not_found, std::string(head.target.substr(0, head.target.find('?'))));
  };
  const auto id = AccountId::parse(match.account);
  if (!id) co_return not_found();
  const auto is_there = co_await access_.has_account(*id, caller);
  if (!is_there) co_return is_there.error();
  if (!*is_there) co_return not_found();
  if (!caller.grant->allows(match.route->right, *id)) co_return fail(Errc::permission_missing);
  co_return *id;
}

}  // namespace cubby
