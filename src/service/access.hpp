// Who may do what: from the text of a token to what its holder is granted.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/entry.hpp"
#include "store/engine.hpp"

namespace cubby {

// What the holder of a valid token may do.
struct Grant {
  TokenId token;
  std::string name;
  Right right = Right::read;
  std::optional<AccountId> account;       // nothing: every account
  std::optional<Instant> expiration;      // nothing: until it is revoked
  std::vector<NamespaceId> namespaces{};  // empty: all of the account
  std::string key_prefix{};               // of all keys that it reaches
  std::vector<AddressRange> sources{};    // as in Token, and so is the next
  Instant created{};

  bool allows(Right wanted, AccountId in) const { return right >= wanted && (!account || *account == in); }
  bool reaches(NamespaceId id) const {
    return namespaces.empty() || std::find(namespaces.begin(), namespaces.end(), id) != namespaces.end();
  }
  // Whether nothing in an account is kept from it, so that it may change the account's namespaces.
  bool is_everywhere() const { return right == Right::admin && !account && is_unscoped(); }
  bool is_unscoped() const { return namespaces.empty() && key_prefix.empty(); }
};

// Who sent the last request of a connection, so that the next one from the same caller costs neither a hash
// nor a search. Used by one request at a time.
struct RememberedCaller {
  std::optional<Address> address;  // of the connection; nothing: it came by a unix socket
  std::string credentials;
  std::optional<Grant> grant;           // what they were worth
  std::optional<AccountId> account;     // one that is there
  std::uint64_t access_generation = 0;  // all of this holds for as long as the engine tells the same
};

// 40 characters of [0-9A-Za-z_-], 240 random bits: the shape that every client takes.
std::string make_token_text();

// Whether `text` has the shape of a token: 40 to 80 of [0-9A-Za-z_-].
bool is_token_shape(std::string_view text);

TokenHash hash_token(std::string_view text);

// Who is told of credentials that were refused, and may let the answer wait. Called from any loop.
class RefusalWatch {
 public:
  virtual ~RefusalWatch() = default;
  // `why` is for the operator; no secret is in it.
  virtual Task<void> on_refused(std::optional<Address> from, std::string why) = 0;
};

// Methods may be called from any loop at any time.
class Access {
 public:
  // `environment_token` is valid beside the stored ones, as an administrator's, and is not stored. `clock`
  // decides about the expiry of tokens. `watch` outlives this, or is null.
  Access(Engine& engine, const Clock& clock, const std::optional<std::string>& environment_token,
         RefusalWatch* watch = nullptr);

  // What the caller may do, which `caller` then remembers; a view of that until its next request. A token
  // that is revoked is refused from then on, remembered or not. Errors: token_refused (unknown, expired,
  // revoked, or not to be used from the caller's address).
  Task<Result<const Grant*>> authenticate(std::string_view credentials, RememberedCaller& caller);

  // Whether what `caller` was granted at the head of its request holds still, with `generation` of then,
  // which this moves on. A glance, unless tokens have changed since. REQUIRES: `caller` is authenticated.
  // Errors: token_refused.
  Task<Result<void>> confirm(const RememberedCaller& caller, std::uint64_t& generation);

  // Makes an account, which is then empty. Errors: permission_missing, to all but administrators of every
  // account; account_name_invalid.
  Task<Result<Account>> create_account(Grant by, std::string name);

  // Whether there is such an account. REQUIRES: `caller` is authenticated.
  Task<Result<bool>> has_account(AccountId id, RememberedCaller& caller);

  Task<Result<std::optional<Account>>> find_account(AccountId id) { return engine_.find_account(id); }

  // The accounts that the grant reaches, by id.
  Task<Result<std::vector<Account>>> accounts(Grant grant);

 private:
  Task<Result<void>> confirm_anew(const RememberedCaller& caller, std::uint64_t& generation);
  Task<Result<Grant>> look_up(std::string_view credentials, const std::optional<Address>& from);
  Task<Error> refuse(const std::optional<Address>& from, std::string why);

  Engine& engine_;
  const Clock& clock_;
  RefusalWatch* const watch_;
  std::optional<TokenHash> environment_hash_;
  const TokenId environment_id_ = TokenId::random();
};

}  // namespace cubby
