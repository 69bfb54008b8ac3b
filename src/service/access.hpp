// Who may do what: from the text of a token to what its holder is granted.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/entry.hpp"
#include "store/engine.hpp"

namespace cubby {

// What the holder of a valid token may do.
struct Grant {
  TokenId token;
  std::string name;
  Right right = Right::read;
  std::optional<AccountId> account;  // nothing: every account

  bool allows(Right wanted, AccountId in) const { return right >= wanted && (!account || *account == in); }
};

// 40 characters of [0-9A-Za-z_-], 240 random bits: the shape that every client takes.
std::string make_token_text();

// Whether `text` has the shape of a token: 40 to 80 of [0-9A-Za-z_-].
bool is_token_shape(std::string_view text);

TokenHash hash_token(std::string_view text);

// Methods may be called from any loop at any time.
class Access {
 public:
  // `environment_token` is valid beside the stored ones, as an administrator's, and is not stored. `clock`
  // decides about the expiry of tokens.
  Access(Engine& engine, const Clock& clock, const std::optional<std::string>& environment_token);

  // Errors: token_refused (unknown, expired or revoked).
  Task<Result<Grant>> authenticate(std::string text);

  Task<Result<std::optional<Account>>> find_account(AccountId id) { return engine_.find_account(id); }

  // The accounts that the grant reaches, by id.
  Task<Result<std::vector<Account>>> accounts(Grant grant);

 private:
  Engine& engine_;
  const Clock& clock_;
  std::optional<TokenHash> environment_hash_;
  const TokenId environment_id_ = TokenId::random();
};

}  // namespace cubby
