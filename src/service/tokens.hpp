// Tokens as things that administrators make, see and revoke. What a token lets its holder do: access.hpp.
#pragma once

#include <string>
#include <vector>

#include "core/operation.hpp"
#include "service/access.hpp"
#include "store/engine.hpp"

namespace cubby {

struct CreatedToken {
  Token token;
  std::string text;  // the secret: told here and nowhere else
};

// Methods may be called from any loop at any time; they pass the engine's errors on. Each takes what its
// caller is granted: an administrator of one account reaches the tokens of that account, one of all accounts
// every token. To others permission_missing.
class Tokens {
 public:
  Tokens(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  // Errors: token_option_invalid, permission_missing (an account that is not the
  // caller's).
  Task<Result<CreatedToken>> create(Grant by, NewToken wanted);

  // Those that have expired or were revoked too; the newest first.
  Task<Result<std::vector<Token>>> list(Grant by);

  // Errors: token_not_found.
  Task<Result<Token>> find(Grant by, TokenId id);

  // From here on nobody is let in by it, on open connections too. Again is no error. Errors: token_not_found.
  Task<Result<Token>> revoke(Grant by, TokenId id);

  Instant now() const { return whole_seconds(clock_.now()); }

 private:
  Task<Result<std::optional<AccountId>>> account_for(const Grant& by, const NewToken& wanted);
  Task<Result<void>> check_scope(const NewToken& wanted, const std::optional<AccountId>& account);

  Engine& engine_;
  const Clock& clock_;
};

}  // namespace cubby
