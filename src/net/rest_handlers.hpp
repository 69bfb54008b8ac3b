// What each route of the REST API does: decode, call the service, encode.
#pragma once

#include "net/router.hpp"

namespace cubby {

// Keys and values (kv_handlers.cpp).
Task<Result<Response>> get_value(RestApi& api, Call& call);
Task<Result<Response>> put_value(RestApi& api, Call& call);
Task<Result<Response>> delete_value(RestApi& api, Call& call);
Task<Result<Response>> get_metadata(RestApi& api, Call& call);
Task<Result<Response>> list_keys(RestApi& api, Call& call);
Task<Result<Response>> bulk_put(RestApi& api, Call& call);
Task<Result<Response>> bulk_delete(RestApi& api, Call& call);
Task<Result<Response>> bulk_get(RestApi& api, Call& call);

// Namespaces (namespace_handlers.cpp).
Task<Result<Response>> list_namespaces(RestApi& api, Call& call);
Task<Result<Response>> create_namespace(RestApi& api, Call& call);
Task<Result<Response>> get_namespace(RestApi& api, Call& call);
Task<Result<Response>> rename_namespace(RestApi& api, Call& call);
Task<Result<Response>> delete_namespace(RestApi& api, Call& call);

// What is stored and what is done (usage_handlers.cpp).
Task<Result<Response>> get_usage(RestApi& api, Call& call);

// Tokens (token_handlers.cpp).
Task<Result<Response>> list_tokens(RestApi& api, Call& call);
Task<Result<Response>> create_token(RestApi& api, Call& call);
Task<Result<Response>> get_token(RestApi& api, Call& call);
Task<Result<Response>> revoke_token(RestApi& api, Call& call);

// Accounts and tokens, as far as clients ask about them around KV calls (account_handlers.cpp).
Task<Result<Response>> list_accounts(RestApi& api, Call& call);
Task<Result<Response>> create_account(RestApi& api, Call& call);
Task<Result<Response>> get_account(RestApi& api, Call& call);
Task<Result<Response>> list_memberships(RestApi& api, Call& call);
Task<Result<Response>> get_user(RestApi& api, Call& call);
Task<Result<Response>> verify_token(RestApi& api, Call& call);
Task<Result<Response>> get_script_settings(RestApi& api, Call& call);

}  // namespace cubby
