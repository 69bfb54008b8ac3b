#include "net/binding_api.hpp"

#include "core/limits.hpp"
#include "net/confirmed_body.hpp"
#include "net/credentials.hpp"
#include "net/fault_log.hpp"
#include "wire/binding_response.hpp"
#include "wire/names.hpp"
#include "wire/rest_request.hpp"

namespace cubby {
namespace {

using Operation = BindingRequest::Operation;

bool is_write(Operation operation) {
  return operation == Operation::put || operation == Operation::remove;
}

RequestKind kind_of(Operation operation) {
  switch (operation) {
    case Operation::get:
      return RequestKind::get;
    case Operation::put:
      return RequestKind::put;
    case Operation::remove:
      return RequestKind::remove;
    case Operation::list:
      return RequestKind::list;
    case Operation::bulk_get:
      return RequestKind::bulk_get;
  }
  return RequestKind::other;
}

// The word of the REST API for it.
std::string_view operation_of(RequestKind kind) {
  switch (kind) {
    case RequestKind::get:
      return "get";
    case RequestKind::put:
      return "put";
    case RequestKind::remove:
      return "remove key";
    case RequestKind::list:
      return "list keys";
    case RequestKind::bulk_get:
      return "bulk get keys";
    default:
      return "request";
  }
}

// miniflare tries a WebSocket first; the connection then goes on with HTTP.
Response upgrade_refused_response() {
  Response response;
  response.status = 426;
  response.headers.emplace_back(names::header::upgrade, "HTTP/1.1");
  return response;
}

}  // namespace

Task<Response> BindingApi::handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) {
  body.allow(limits::request_body_bytes_max);
  if (head.asks_to_upgrade) co_return upgrade_refused_response();
  RequestKind kind = RequestKind::other;
  AuditedCall audited;
  auto result = co_await call(head, body, caller, kind, audited);
  Response response = result ? std::move(*result) : binding_error_response(result.error());
  response.kind = kind;
  if (!result) log_fault(operation_of(kind), result.error(), head);
  if (audit_ && audited.has_made_namespace) {
    const AuditedCall making{.grant = audited.grant,
                             .operation = "create namespace",
                             .account = audited.account,
                             .namespace_id = audited.namespace_id};
    audit_->add(making, head, caller.address, Dialect::binding, 200);
  }
  if (audit_ && audited.grant && audit_->wants(kind == RequestKind::put || kind == RequestKind::remove)) {
    audited.operation = operation_of(kind);
    audit_->add(audited, head, caller.address, Dialect::binding, response.status);
  }
  co_return response;
}

Response BindingApi::refusal(const Error& error) {
  return binding_error_response(error);
}

Task<Result<Response>> BindingApi::call(const RequestHead& head, RequestBody& body, RememberedCaller& caller,
                                        RequestKind& kind, AuditedCall& audited) {
  const auto grant = co_await authenticate(head, caller);
  if (!grant) co_return grant.error();
  const auto request = parse_binding_request(head);
  if (!request) co_return request.error();
  kind = kind_of(request->operation);
  audited.grant = *grant;
  if (request->operation != Operation::bulk_get) audited.key_segment = request->key_segment;
  const auto place = co_await find_place(**grant, *request, audited);
  if (!place) co_return place.error();
  if (options_.auth == BindingAuth::none) co_return co_await act(*place, *request, head, body);
  ConfirmedBody confirmed_body(body, access_, caller);
  co_return co_await act(*place, *request, head, confirmed_body);
}

Task<Result<Response>> BindingApi::act(Place place, const BindingRequest& request, const RequestHead& head,
                                       RequestBody& body) {
  if (request.operation == Operation::list) {
    auto wanted = parse_list_keys(request.query, names::query::key_count_limit);
    if (!wanted) co_return wanted.error();
    const auto page = co_await kv_.list(place, std::move(*wanted), body);
    if (!page) co_return page.error();
    co_return binding_list_response(*page);
  }
  if (request.operation == Operation::bulk_get) {
    body.keep_all();
    const auto wanted = co_await read_bulk_get(body);
    if (!wanted) co_return wanted.error();
    const auto items = co_await kv_.get_all(place, *wanted, body);
    if (!items) co_return items.error();
    co_return binding_bulk_get_response(*items, *wanted);
  }
  auto key = parse_key_segment(request.key_segment);
  if (!key) co_return key.error();
  if (request.operation == Operation::get) {
    auto value = co_await kv_.get(place, std::move(*key));
    if (!value) co_return value.error();
    co_return binding_value_response(std::move(*value));
  }
  if (request.operation == Operation::remove) {
    const auto removed = co_await kv_.remove(place, std::move(*key));
    if (!removed) co_return removed.error();
    co_return binding_done_response();
  }
  auto expiration = parse_expiration_query(request.query);
  if (!expiration) co_return expiration.error();
  const auto value = make_binding_value(head, body);
  const auto stored = co_await kv_.put(place, std::move(*key), std::move(*expiration), *value);
  if (!stored) co_return stored.error();
  co_return binding_done_response();
}

Task<Result<const Grant*>> BindingApi::authenticate(const RequestHead& head, RememberedCaller& caller) {
  if (options_.auth == BindingAuth::none) co_return &everything_;
  const auto token = bearer_token_in(head);
  if (!token) co_return token.error();
  co_return co_await access_.authenticate(*token, caller);
}

Task<Result<Place>> BindingApi::find_place(const Grant& grant, const BindingRequest& request,
                                           AuditedCall& audited) {
  const Right needed = is_write(request.operation) ? Right::write : Right::read;
  const auto& name = request.namespace_name ? request.namespace_name : options_.default_namespace;
  if (!name) co_return fail(Errc::namespace_missing);
  const AccountId account = grant.account.value_or(options_.account);
  const bool may_create =
      options_.creates_namespaces && grant.allows(Right::write, account) && grant.is_unscoped();
  bool was_made = false;
  // Not one expression: GCC 12 destroys temporaries of the branch that a conditional `co_await` does not
  // take.
  auto finding =
      may_create ? namespaces_.find_or_create(account, *name, was_made) : namespaces_.find(account, *name);
  const auto found = co_await std::move(finding);
  audited.has_made_namespace = was_made;
  // Whether there is a namespace is not for whoever has only some to learn.
  const bool is_hidden =
      !found && found.error().code == Errc::namespace_not_found && !grant.namespaces.empty();
  if (is_hidden) co_return fail(Errc::permission_missing);
  if (!found) co_return found.error();
  audited.account = found->account;
  audited.namespace_id = found->id;
  if (!grant.allows(needed, found->account) || !grant.reaches(found->id)) {
    co_return fail(Errc::permission_missing);
  }
  co_return Place{found->account, found->id, grant.key_prefix};
}

ConnectionRules binding_connection_rules() {
  using std::chrono_literals::operator""s;
  return {.patience = {.linger = 6s},
          .dialect = Dialect::binding,
          .idle_at_stop = ConnectionRules::AtStop::last,
          .head_bytes_max = limits::binding_head_bytes_max,
          .sends_continue = false,
          .accepts_delete_byte = true};
}

}  // namespace cubby
