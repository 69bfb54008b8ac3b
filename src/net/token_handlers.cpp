#include "net/rest_api.hpp"
#include "net/rest_handlers.hpp"
#include "wire/names.hpp"
#include "wire/rest_response.hpp"
#include "wire/token_codec.hpp"

namespace cubby {
namespace {

Result<TokenId> token_id_in(const Call& call) {
  const auto id = TokenId::parse(call.name_segment);
  if (!id) return fail(Errc::token_not_found);
  return *id;
}

// What everybody may know about the token that they hold.
Token token_of(const Grant& grant) {
  Token token{grant.token, {}, grant.name, grant.right, grant.account, grant.expiration, false};
  token.namespaces = grant.namespaces;
  token.key_prefix = grant.key_prefix;
  token.sources = grant.sources;
  token.created = grant.created;
  return token;
}

}  // namespace

Task<Result<Response>> create_token(RestApi& api, Call& call) {
  auto wanted = co_await read_new_token(call.body);
  if (!wanted) co_return wanted.error();
  const auto created = co_await api.tokens().create(call.grant, std::move(*wanted));
  if (!created) co_return created.error();
  call.audited.subject = created->token.id.text();
  co_return json_response(token_json(created->token, api.tokens().now(), created->text));
}

Task<Result<Response>> list_tokens(RestApi& api, Call& call) {
  const auto tokens = co_await api.tokens().list(call.grant);
  if (!tokens) co_return tokens.error();
  co_return tokens_response(*tokens, api.tokens().now());
}

Task<Result<Response>> get_token(RestApi& api, Call& call) {
  if (call.name_segment == names::self)
    co_return json_response(token_json(token_of(call.grant), api.tokens().now()));
  const auto id = token_id_in(call);
  if (!id) co_return id.error();
  const auto token = co_await api.tokens().find(call.grant, *id);
  if (!token) co_return token.error();
  co_return json_response(token_json(*token, api.tokens().now()));
}

Task<Result<Response>> revoke_token(RestApi& api, Call& call) {
  const auto id = token_id_in(call);
  if (!id) co_return id.error();
  call.audited.subject = id->text();
  const auto token = co_await api.tokens().revoke(call.grant, *id);
  if (!token) co_return token.error();
  co_return json_response(token_json(*token, api.tokens().now()));
}

}  // namespace cubby
