#include "net/rest_api.hpp"
#include "net/rest_handlers.hpp"
#include "wire/account_response.hpp"
#include "wire/rest_response.hpp"

namespace cubby {

Task<Result<Response>> list_accounts(RestApi& api, Call& call) {
  const auto accounts = co_await api.access().accounts(call.grant);
  if (!accounts) co_return accounts.error();
  co_return accounts_response(*accounts, call.query);
}

Task<Result<Response>> create_account(RestApi& api, Call& call) {
  auto name = co_await read_new_account(call.body);
  if (!name) co_return name.error();
  const auto created = co_await api.access().create_account(call.grant, std::move(*name));
  if (!created) co_return created.error();
  call.audited.subject = created->id.text();
  co_return json_response(account_json(*created));
}

Task<Result<Response>> get_account(RestApi& api, Call& call) {
  const auto account = co_await api.access().find_account(call.place.account);
  if (!account) co_return account.error();
  if (!*account) co_return fail(Errc::account_not_found, std::string(call.head.target));
  co_return json_response(account_json(**account));
}

Task<Result<Response>> list_memberships(RestApi& api, Call& call) {
  const auto accounts = co_await api.access().accounts(call.grant);
  if (!accounts) co_return accounts.error();
  co_return memberships_response(*accounts, call.query);
}

Task<Result<Response>> get_user(RestApi&, Call& call) {
  co_return user_response(call.grant.token, call.grant.name);
}

Task<Result<Response>> verify_token(RestApi&, Call& call) {
  co_return token_verified_response(call.grant.token);
}

// Cubby stores data and runs no Workers.
Task<Result<Response>> get_script_settings(RestApi&, Call&) {
  co_return fail(Errc::script_not_found);
}

}  // namespace cubby
