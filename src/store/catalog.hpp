// Accounts, namespaces and tokens in memory, with their rules: the index that engines answer from. Durable
// engines write a row before they change it here.
#pragma once

#include <map>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "core/entry.hpp"
#include "core/error.hpp"

namespace cubby {

// Thread-safe; each call is atomic. A `check_…` followed by its change is atomic only if one thread makes all
// changes.
class Catalog {
 public:
  // Errors: title_taken; internal, if there is a namespace of this id.
  Result<void> check_create(const Namespace& created) const;
  // What the namespace would be. Errors: namespace_not_found, title_taken.
  Result<Namespace> check_rename(NamespaceId id, const Title& title) const;

  void put(const Namespace& changed);
  void put(const Account& account);
  void put(const Token& token);
  // Does nothing if there is no such namespace.
  void remove(NamespaceId id);

  bool contains(NamespaceId id) const;
  std::optional<Namespace> find(NamespaceId id) const;
  std::optional<Namespace> find(AccountId account, const Title& title) const;
  std::optional<Account> find(AccountId id) const;
  std::optional<Token> find(const TokenHash& hash) const;
  std::vector<Namespace> namespaces(AccountId account) const;
  std::vector<Account> accounts() const;
  std::vector<Token> tokens() const;

 private:
  using TitleKey = std::pair<AccountId, Title>;
  bool is_taken(const Namespace& wanted) const;

  mutable std::shared_mutex mutex_;
  std::unordered_map<NamespaceId, Namespace> namespaces_;
  std::map<TitleKey, NamespaceId> titles_;
  std::map<AccountId, Account> accounts_;
  std::map<TokenHash, Token> tokens_;
};

}  // namespace cubby
