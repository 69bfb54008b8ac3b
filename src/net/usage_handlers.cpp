#include "net/rest_api.hpp"
#include "net/rest_handlers.hpp"
#include "wire/rest_response.hpp"

namespace cubby {

Task<Result<Response>> get_usage(RestApi& api, Call& call) {
  const auto found = co_await api.namespaces().find(call.place.namespace_id);
  if (!found) co_return found.error();
  // The route names no account, so the namespace says whose right it takes; to others it is unknown.
  if (!call.grant.allows(Right::read, found->account)) co_return fail(Errc::namespace_not_found);
  const auto usage = co_await api.kv().usage({found->account, found->id, call.place.key_prefix});
  if (!usage) co_return usage.error();
  co_return usage_response(*usage, api.calls().rates(found->id));
}

}  // namespace cubby
