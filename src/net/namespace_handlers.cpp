#include "net/rest_api.hpp"
#include "net/rest_handlers.hpp"
#include "wire/rest_request.hpp"
#include "wire/rest_response.hpp"

namespace cubby {

Task<Result<Response>> list_namespaces(RestApi& api, Call& call) {
  auto request = parse_list_namespaces(call.query);
  if (!request) co_return request.error();
  request->only = call.grant.namespaces;
  const auto page = co_await api.namespaces().list(call.place.account, *request);
  if (!page) co_return page.error();
  co_return namespace_page_response(*page, *request);
}

Task<Result<Response>> create_namespace(RestApi& api, Call& call) {
  if (!call.grant.is_unscoped()) co_return fail(Errc::permission_missing);
  auto wanted = co_await read_new_namespace(call.body);
  if (!wanted) co_return wanted.error();
  const auto created = co_await api.namespaces().create(call.place.account, std::move(*wanted));
  if (!created) co_return created.error();
  call.audited.namespace_id = created->id;
  co_return json_response(namespace_json(*created));
}

Task<Result<Response>> get_namespace(RestApi& api, Call& call) {
  const auto found = co_await api.namespaces().get(call.place);
  if (!found) co_return found.error();
  co_return json_response(namespace_json(*found));
}

Task<Result<Response>> rename_namespace(RestApi& api, Call& call) {
  if (!call.grant.is_unscoped()) co_return fail(Errc::permission_missing);
  auto title = co_await read_title(call.body);
  if (!title) co_return title.error();
  const auto renamed = co_await api.namespaces().rename(call.place, std::move(*title));
  if (!renamed) co_return renamed.error();
  co_return json_response(namespace_json(*renamed));
}

Task<Result<Response>> delete_namespace(RestApi& api, Call& call) {
  if (!call.grant.is_unscoped()) co_return fail(Errc::permission_missing);
  const auto removed = co_await api.namespaces().remove(call.place);
  if (!removed) co_return removed.error();
  co_return json_response("null");
}

}  // namespace cubby
