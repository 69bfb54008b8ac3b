#include "service/access.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <stdexcept>

#include "core/expiration.hpp"
#include "core/limits.hpp"

namespace cubby {
namespace {

constexpr std::string_view token_alphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
static_assert(token_alphabet.size() == 64, "six random bits a character, without bias");

// In constant time: through a proxy, strangers may share a connection and measure how long a guess takes.
bool is_same(std::string_view secret, std::string_view guess) {
  return secret.size() == guess.size() && CRYPTO_memcmp(secret.data(), guess.data(), guess.size()) == 0;
}

bool may_come_from(const Token& token, const std::optional<Address>& from) {
  if (token.sources.empty()) return true;
  return from && std::ranges::any_of(token.sources, [&](const auto& range) { return range.contains(*from); });
}

// Names are as administrators gave them: quoted, so that they can say nothing else in the log.
std::string named(const std::string& name) {
  return "token " + json::quoted(name);
}

}  // namespace

std::string make_token_text() {
  std::array<unsigned char, limits::token_characters_min> random;
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw std::runtime_error("no random bytes");
  std::string text;
  for (const unsigned char byte : random) text += token_alphabet[byte % token_alphabet.size()];
  return text;
}

bool is_token_shape(std::string_view text) {
  return text.size() >= limits::token_characters_min && text.size() <= limits::token_characters_max &&
         text.find_first_not_of(token_alphabet) == text.npos;
}

TokenHash hash_token(std::string_view text) {
  TokenHash hash;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return hash;
}

Access::Access(Engine& engine, const Clock& clock, const std::optional<std::string>& environment_token,
               RefusalWatch* watch)
    : engine_(engine), clock_(clock), watch_(watch) {
  if (environment_token) environment_hash_ = hash_token(*environment_token);
}

Task<Result<const Grant*>> Access::authenticate(std::string_view credentials, RememberedCaller& caller) {
  // Read before the search, so that a change meanwhile makes what was found count as old.
  const auto generation = engine_.access_generation();
  if (!caller.grant || caller.access_generation != generation || !is_same(caller.credentials, credentials)) {
    caller.grant.reset();
    caller.account.reset();
    auto grant = co_await look_up(credentials, caller.address);
    if (!grant) co_return grant.error();
    caller.grant = std::move(*grant);
    caller.credentials = credentials;
    caller.access_generation = generation;
  }
  if (is_expired(caller.grant->expiration, whole_seconds(clock_.now())))
    co_return co_await refuse(caller.address, named(caller.grant->name) + " has expired");
  co_return &*caller.grant;
}

Task<Result<void>> Access::confirm(const RememberedCaller& caller, std::uint64_t& generation) {
  const bool is_unchanged = engine_.access_generation() == generation &&
                            !is_expired(caller.grant->expiration, whole_seconds(clock_.now()));
  if (is_unchanged) return Task<Result<void>>::ready(Result<void>{});
  return confirm_anew(caller, generation);
}

// What the request was granted stays where it is: others have views of it.
Task<Result<void>> Access::confirm_anew(const RememberedCaller& caller, std::uint64_t& generation) {
  RememberedCaller again;
  again.address = caller.address;
  const auto grant = co_await authenticate(caller.credentials, again);
  if (!grant) co_return grant.error();
  generation = again.access_generation;
  co_return Result<void>{};
}

Task<Error> Access::refuse(const std::optional<Address>& from, std::string why) {
  if (watch_) co_await watch_->on_refused(from, std::move(why));
  co_return fail(Errc::token_refused);
}

Task<Result<bool>> Access::has_account(AccountId id, RememberedCaller& caller) {
  if (caller.account == id) co_return true;
  const auto found = co_await engine_.find_account(id);
  if (!found) co_return found.error();
  if (*found) caller.account = id;
  co_return found->has_value();
}

Task<Result<Grant>> Access::look_up(std::string_view credentials, const std::optional<Address>& from) {
  const TokenHash hash = hash_token(credentials);
  if (environment_hash_ && CRYPTO_memcmp(hash.data(), environment_hash_->data(), hash.size()) == 0) {
    co_return Grant{environment_id_, "CUBBY_ADMIN_TOKEN", Right::admin, std::nullopt, std::nullopt};
  }
  const auto found = co_await engine_.find_token(hash);
  if (!found) co_return found.error();
  const auto& token = *found;
  if (!token) co_return co_await refuse(from, "no such token");
  if (token->revoked) co_return co_await refuse(from, named(token->name) + " is revoked");
  if (!may_come_from(*token, from))
    co_return co_await refuse(from, named(token->name) + " may not come from there");
  co_return Grant{token->id,         token->name,       token->right,   token->account, token->expiration,
                  token->namespaces, token->key_prefix, token->sources, token->created};
}

Task<Result<Account>> Access::create_account(Grant by, std::string name) {
  if (!by.is_everywhere()) co_return fail(Errc::permission_missing);
  if (name.empty()) co_return fail(Errc::account_name_invalid, "an account needs a name");
  if (name.size() > limits::token_name_bytes_max)
    co_return fail(Errc::account_name_invalid, "the name is too long");
  const auto others = co_await engine_.accounts();
  if (!others) co_return others.error();
  if (std::ranges::any_of(*others, [&](const Account& each) { return each.name == name; }))
    co_return fail(Errc::account_name_invalid, "there is an account of this name");
  Account account{AccountId::random(), std::move(name)};
  if (const auto stored = co_await engine_.put_account(account); !stored) co_return stored.error();
  co_return account;
}

Task<Result<std::vector<Account>>> Access::accounts(Grant grant) {
  auto all = co_await engine_.accounts();
  if (all) std::erase_if(*all, [&](const Account& each) { return !grant.allows(Right::read, each.id); });
  co_return all;
}

}  // namespace cubby
