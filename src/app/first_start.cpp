#include "app/first_start.hpp"

#include <algorithm>

#include "service/access.hpp"
#include "store/data_directory.hpp"

namespace cubby {
namespace {

// That of the account which the first start makes. Accounts have no other mark of their age.
constexpr const char* first_account_name = "Cubby";

// Accounts come by their ids, which are random.
const Account& first_of(const std::vector<Account>& accounts) {
  const auto first = std::find_if(accounts.begin(), accounts.end(),
                                  [](const Account& each) { return each.name == first_account_name; });
  return first == accounts.end() ? accounts.front() : *first;
}

Task<Result<AccountId>> find_or_make_account(Engine& engine, const std::optional<AccountId>& wanted) {
  const auto accounts = co_await engine.accounts();
  if (!accounts) co_return accounts.error();
  if (accounts->empty()) {
    const Account account{wanted.value_or(AccountId::random()), first_account_name};
    const auto stored = co_await engine.put_account(account);
    if (!stored) co_return stored.error();
    co_return account.id;
  }
  if (!wanted) co_return first_of(*accounts).id;
  const bool is_known = std::any_of(accounts->begin(), accounts->end(),
                                    [&](const Account& each) { return each.id == *wanted; });
  if (is_known) co_return *wanted;
  co_return fail(Errc::internal, "--account-id " + wanted->text() +
                                     " is not an account of this store, whose account is " +
                                     first_of(*accounts).id.text());
}

}  // namespace

Task<Result<FirstStart>> prepare_store(Engine& engine, const ServeConfig& config) {
  const auto account = co_await find_or_make_account(engine, config.account_id);
  if (!account) co_return account.error();
  FirstStart start{*account, std::nullopt, std::nullopt};
  const auto tokens = co_await engine.tokens();
  if (!tokens) co_return tokens.error();
  if (!tokens->empty() || config.admin_token) co_return start;

  // The file before the hash: a crash in between costs a token that nobody has used, not the way in.
  start.new_token = make_token_text();
  start.token_file = config.data_dir / "admin-token";
  const auto written = write_file_durably(*start.token_file, *start.new_token + "\n", 0600);
  if (!written) co_return written.error();
  const Token token{TokenId::random(), hash_token(*start.new_token), "admin", Right::admin, {}, {}, false};
  const auto stored = co_await engine.put_token(token);
  if (!stored) co_return stored.error();
  co_return start;
}

}  // namespace cubby
