#include "net/backup_api.hpp"

#include <spdlog/spdlog.h>

#include "core/limits.hpp"
#include "net/credentials.hpp"
#include "net/router.hpp"
#include "wire/names.hpp"
#include "wire/rest_response.hpp"
#include "wire/target.hpp"

namespace cubby {

std::string json_of(const BackupInfo& info) {
  return "{\"id\":" + std::to_string(info.id) +
         ",\"made_at\":" + std::to_string(info.made_at.time_since_epoch().count()) +
         ",\"bytes\":" + std::to_string(info.bytes) + ",\"value_files\":" + std::to_string(info.value_files) +
         "}";
}

Task<Response> BackupApi::handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) {
  const bool is_ours = may_be_own(head.target) && api_path(head.target) == names::backups && backups_.is_on();
  return is_ours ? answer(head, body, caller) : next_.handle(head, body, caller);
}

Task<Response> BackupApi::answer(const RequestHead& head, RequestBody& body, RememberedCaller& caller) {
  body.allow(limits::request_body_bytes_max_unauthenticated);
  AuditedCall audited;
  auto result = co_await call(head, caller, audited);
  Response response = result ? std::move(*result) : error_response("backup", result.error());
  if (!result && result.error().code == Errc::method_not_allowed)
    response.headers.emplace_back(names::header::allow, "GET, HEAD, POST");
  if (response.status >= 500)
    spdlog::error("backup: {} (request {})", result.error().argument, head.request_id.value_or(""));
  response.kind = RequestKind::operations;
  const bool is_change = head.method == Method::post;
  if (audit_ && audited.grant && audit_->wants(is_change)) {
    audited.operation = is_change ? "make backup" : "list backups";
    audit_->add(audited, head, caller.address, Dialect::rest, response.status);
  }
  co_return response;
}

Task<Result<Response>> BackupApi::call(const RequestHead& head, RememberedCaller& caller,
                                       AuditedCall& audited) {
  const auto credentials = credentials_in(head);
  if (!credentials) co_return credentials.error();
  const auto grant = co_await access_.authenticate(*credentials, caller);
  if (!grant) co_return grant.error();
  audited.grant = *grant;
  if (!(*grant)->is_everywhere()) co_return fail(Errc::permission_missing);
  if (head.method == Method::post) {
    const auto made = co_await backups_.make();
    if (!made) co_return made.error();
    if (made->not_pruned) spdlog::error("{}", not_pruned_text(*made));
    audited.subject = std::to_string(made->id);
    co_return json_response(json_of(*made));
  }
  if (head.method != Method::get && head.method != Method::head)
    co_return fail(Errc::method_not_allowed, std::string(head.method_text));
  const auto known = co_await backups_.list();
  if (!known) co_return known.error();
  std::string list = "[";
  for (const BackupInfo& each : *known) {
    if (list.size() > 1) list += ',';
    list += json_of(each);
  }
  co_return json_response(list + "]");
}

}  // namespace cubby
