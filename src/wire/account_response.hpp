// Accounts, users and tokens: the little that clients of KV ask before they trust a server, and the making of
// accounts, which is ours.
#pragma once

#include <string>
#include <vector>

#include "core/byte_source.hpp"
#include "core/entry.hpp"
#include "wire/http_message.hpp"
#include "wire/percent.hpp"

namespace cubby {

// The name of an account that is to be made. Errors: body_not_json, account_name_invalid, those of the
// source.
Task<Result<std::string>> read_new_account(ByteSource& body);

std::string account_json(const Account& account);

// One page holds all accounts; later pages are empty, so that clients which page until then come to an end.
Response accounts_response(const std::vector<Account>& accounts, const Query& query);
Response memberships_response(const std::vector<Account>& accounts, const Query& query);

// Cubby has no users: a token stands for itself.
Response user_response(TokenId token, const std::string& name);
Response token_verified_response(TokenId token);

}  // namespace cubby
