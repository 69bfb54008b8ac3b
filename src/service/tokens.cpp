#include "service/tokens.hpp"

#include <algorithm>

#include "core/expiration.hpp"
#include "core/limits.hpp"

namespace cubby {
namespace {

bool reaches(const Grant& by, const Token& token) {
  return by.right == Right::admin && (!by.account || by.account == token.account);
}

Result<void> check_form(const NewToken& wanted, Instant now) {
  const auto invalid = [](std::string why) { return fail(Errc::token_option_invalid, std::move(why)); };
  if (wanted.name.empty()) return invalid("a token needs a name");
  if (wanted.name.size() > limits::token_name_bytes_max) return invalid("the name is too long");
  if (wanted.key_prefix.size() > limits::key_bytes_max) return invalid("the key prefix is longer than a key");
  if (wanted.namespaces.size() > limits::token_scope_items_max) return invalid("too many namespaces");
  if (wanted.sources.size() > limits::token_scope_items_max) return invalid("too many sources");
  if (is_expired(wanted.expiration, now)) return invalid("it would have expired already");
  const bool is_scoped = !wanted.namespaces.empty() || !wanted.key_prefix.empty();
  if (wanted.right == Right::admin && is_scoped) {
    return invalid("an administrator has all namespaces and all keys of the account");
  }
  return {};
}

// Whoever is bound to addresses or to a time hands on no more than that; what is not said is as their own.
Result<void> bind_as(const Grant& by, NewToken& wanted) {
  const auto beyond = [](const char* why) { return fail(Errc::token_option_invalid, why); };
  if (by.expiration) {
    if (wanted.expiration > by.expiration) return beyond("it would be valid for longer than its maker's");
    if (!wanted.expiration) wanted.expiration = by.expiration;
  }
  if (by.sources.empty()) return {};
  if (wanted.sources.empty()) wanted.sources = by.sources;
  const auto is_within = [&](const AddressRange& each) {
    return std::ranges::any_of(by.sources, [&](const AddressRange& own) {
      return own.bits() <= each.bits() && own.contains(each.first());
    });
  };
  if (!std::ranges::all_of(wanted.sources, is_within))
    return beyond("it could come from other addresses than its maker's");
  return {};
}

}  // namespace

Task<Result<std::optional<AccountId>>> Tokens::account_for(const Grant& by, const NewToken& wanted) {
  if (wanted.is_account_named) {
    if (by.account && by.account != wanted.account) co_return fail(Errc::permission_missing);
    if (!wanted.account) co_return wanted.account;
    const auto found = co_await engine_.find_account(*wanted.account);
    if (!found) co_return found.error();
    if (!*found) co_return fail(Errc::token_option_invalid, "there is no such account");
    co_return wanted.account;
  }
  if (by.account) co_return by.account;
  const auto all = co_await engine_.accounts();
  if (!all) co_return all.error();
  if (all->size() != 1) co_return fail(Errc::token_option_invalid, "say which account_id, or null for all");
  co_return all->front().id;
}

Task<Result<void>> Tokens::check_scope(const NewToken& wanted, const std::optional<AccountId>& account) {
  for (const NamespaceId& id : wanted.namespaces) {
    const auto found = co_await engine_.find_namespace(id);
    if (!found) co_return found.error();
    if (!*found || (account && (*found)->account != *account)) {
      co_return fail(Errc::token_option_invalid, "there is no namespace " + id.text());
    }
  }
  co_return Result<void>{};
}

Task<Result<CreatedToken>> Tokens::create(Grant by, NewToken wanted) {
  if (by.right != Right::admin) co_return fail(Errc::permission_missing);
  if (const auto checked = check_form(wanted, now()); !checked) co_return checked.error();
  if (const auto bound = bind_as(by, wanted); !bound) co_return bound.error();
  const auto account = co_await account_for(by, wanted);
  if (!account) co_return account.error();
  if (const auto checked = co_await check_scope(wanted, *account); !checked) co_return checked.error();
  CreatedToken created{{TokenId::random(),
                        {},
                        std::move(wanted.name),
                        wanted.right,
                        *account,
                        wanted.expiration,
                        false,
                        std::move(wanted.namespaces),
                        std::move(wanted.key_prefix),
                        std::move(wanted.sources),
                        now()},
                       make_token_text()};
  created.token.hash = hash_token(created.text);
  if (const auto stored = co_await engine_.put_token(created.token); !stored) co_return stored.error();
  co_return created;
}

Task<Result<std::vector<Token>>> Tokens::list(Grant by) {
  if (by.right != Right::admin) co_return fail(Errc::permission_missing);
  auto all = co_await engine_.tokens();
  if (!all) co_return all.error();
  std::erase_if(*all, [&](const Token& each) { return !reaches(by, each); });
  std::ranges::sort(*all, [](const Token& left, const Token& right) {
    return left.created != right.created ? left.created > right.created : left.id < right.id;
  });
  co_return all;
}

Task<Result<Token>> Tokens::find(Grant by, TokenId id) {
  if (by.right != Right::admin) co_return fail(Errc::permission_missing);
  const auto all = co_await engine_.tokens();
  if (!all) co_return all.error();
  const auto found = std::ranges::find(*all, id, &Token::id);
  if (found == all->end() || !reaches(by, *found)) co_return fail(Errc::token_not_found);
  co_return *found;
}

Task<Result<Token>> Tokens::revoke(Grant by, TokenId id) {
  auto token = co_await find(std::move(by), id);
  if (!token || token->revoked) co_return token;
  token->revoked = true;
  if (const auto stored = co_await engine_.put_token(*token); !stored) co_return stored.error();
  co_return token;
}

}  // namespace cubby
