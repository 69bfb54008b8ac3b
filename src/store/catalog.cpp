#include "store/catalog.hpp"

#include <mutex>

namespace cubby {

bool Catalog::is_taken(const Namespace& wanted) const {
  const auto holder = titles_.find({wanted.account, wanted.title});
  return holder != titles_.end() && holder->second != wanted.id;
}

Result<void> Catalog::check_create(const Namespace& created) const {
  const std::shared_lock lock(mutex_);
  if (namespaces_.contains(created.id)) return fail(Errc::internal, "there is a namespace of this id");
  if (is_taken(created)) return fail(Errc::title_taken);
  return {};
}

Result<Namespace> Catalog::check_rename(NamespaceId id, const Title& title) const {
  const std::shared_lock lock(mutex_);
  const auto found = namespaces_.find(id);
  if (found == namespaces_.end()) return fail(Errc::namespace_not_found);
  Namespace renamed = found->second;
  renamed.title = title;
  if (is_taken(renamed)) return fail(Errc::title_taken);
  return renamed;
}

void Catalog::put(const Namespace& changed) {
  const std::unique_lock lock(mutex_);
  const auto found = namespaces_.find(changed.id);
  if (found != namespaces_.end()) titles_.erase({found->second.account, found->second.title});
  namespaces_.insert_or_assign(changed.id, changed);
  titles_.insert_or_assign({changed.account, changed.title}, changed.id);
}

void Catalog::put(const Account& account) {
  const std::unique_lock lock(mutex_);
  accounts_.insert_or_assign(account.id, account);
}

void Catalog::put(const Token& token) {
  const std::unique_lock lock(mutex_);
  std::erase_if(tokens_, [&](const auto& row) { return row.second.id == token.id; });
  tokens_.insert_or_assign(token.hash, token);
}

void Catalog::remove(NamespaceId id) {
  const std::unique_lock lock(mutex_);
  const auto found = namespaces_.find(id);
  if (found == namespaces_.end()) return;
  titles_.erase({found->second.account, found->second.title});
  namespaces_.erase(found);
}

bool Catalog::contains(NamespaceId id) const {
  const std::shared_lock lock(mutex_);
  return namespaces_.contains(id);
}

std::optional<Namespace> Catalog::find(NamespaceId id) const {
  const std::shared_lock lock(mutex_);
  const auto found = namespaces_.find(id);
  if (found == namespaces_.end()) return std::nullopt;
  return found->second;
}

std::optional<Namespace> Catalog::find(AccountId account, const Title& title) const {
  const std::shared_lock lock(mutex_);
  const auto found = titles_.find({account, title});
  if (found == titles_.end()) return std::nullopt;
  return namespaces_.at(found->second);
}

std::optional<Account> Catalog::find(AccountId id) const {
  const std::shared_lock lock(mutex_);
  const auto found = accounts_.find(id);
  if (found == accounts_.end()) return std::nullopt;
  return found->second;
}

std::optional<Token> Catalog::find(const TokenHash& hash) const {
  const std::shared_lock lock(mutex_);
  const auto found = tokens_.find(hash);
  if (found == tokens_.end()) return std::nullopt;
  return found->second;
}

std::vector<Namespace> Catalog::namespaces(AccountId account) const {
  const std::shared_lock lock(mutex_);
  std::vector<Namespace> found;
  for (const auto& [id, each] : namespaces_) {
    if (each.account == account) found.push_back(each);
  }
  return found;
}

std::vector<Account> Catalog::accounts() const {
  const std::shared_lock lock(mutex_);
  std::vector<Account> all;
  all.reserve(accounts_.size());
  for (const auto& [id, account] : accounts_) all.push_back(account);
  return all;
}

std::vector<Token> Catalog::tokens() const {
  const std::shared_lock lock(mutex_);
  std::vector<Token> all;
  all.reserve(tokens_.size());
  for (const auto& [hash, token] : tokens_) all.push_back(token);
  return all;
}

}  // namespace cubby
