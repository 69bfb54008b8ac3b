// The rules of namespaces. Titles are unique in an account.
#pragma once

#include "core/operation.hpp"
#include "store/engine.hpp"

namespace cubby {

// Methods may be called from any loop at any time; they pass the engine's errors on.
class Namespaces {
 public:
  explicit Namespaces(Engine& engine) : engine_(engine) {}

  // Errors: title_taken.
  Task<Result<Namespace>> create(AccountId account, NewNamespace wanted);
  // Errors: namespace_not_found, also if it belongs to another account.
  Task<Result<Namespace>> get(Place place);
  // Of whatever account. Errors: namespace_not_found.
  Task<Result<Namespace>> find(NamespaceId id);
  // The one that people call `name`: by its id in any account, else by its title in `account`.
  // Errors: namespace_not_found, with the name.
  Task<Result<Namespace>> find(AccountId account, std::string name);
  // The same, made with this title if it is not there, and `was_made` says so; callers at the same time get
  // the same one. Errors: those of Title::parse.
  Task<Result<Namespace>> find_or_create(AccountId account, std::string name, bool& was_made);
  // Errors: namespace_not_found, title_taken.
  Task<Result<Namespace>> rename(Place place, Title title);
  // With all its data. Errors: namespace_not_found.
  Task<Result<void>> remove(Place place);

  // A page beyond the last is empty.
  Task<Result<NamespacePage>> list(AccountId account, ListNamespaces request);

 private:
  Engine& engine_;
};

}  // namespace cubby
