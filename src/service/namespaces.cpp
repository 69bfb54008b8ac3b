#include "service/namespaces.hpp"

#include <algorithm>

namespace cubby {

Task<Result<Namespace>> Namespaces::create(AccountId account, NewNamespace wanted) {
  Namespace created{NamespaceId::random(), account, std::move(wanted.title), wanted.jurisdiction,
                    wanted.mode};
  if (const auto stored = co_await engine_.create_namespace(created); !stored) co_return stored.error();
  co_return created;
}

Task<Result<Namespace>> Namespaces::find(NamespaceId id) {
  auto found = co_await engine_.find_namespace(id);
  if (!found) co_return found.error();
  if (!*found) co_return fail(Errc::namespace_not_found);
  co_return std::move(**found);
}

Task<Result<Namespace>> Namespaces::get(Place place) {
  auto found = co_await find(place.namespace_id);
  if (found && found->account != place.account) co_return fail(Errc::namespace_not_found);
  co_return found;
}

Task<Result<Namespace>> Namespaces::find(AccountId account, std::string name) {
  if (const auto id = NamespaceId::parse(name)) {
    auto found = co_await engine_.find_namespace(*id);
    if (!found) co_return found.error();
    if (*found) co_return std::move(**found);
  }
  auto title = Title::parse(name);
  if (!title) co_return fail(Errc::namespace_not_found, std::move(name));
  auto found = co_await engine_.find_namespace_by_title(account, std::move(*title));
  if (!found) co_return found.error();
  if (!*found) co_return fail(Errc::namespace_not_found, std::move(name));
  co_return std::move(**found);
}

Task<Result<Namespace>> Namespaces::find_or_create(AccountId account, std::string name, bool& was_made) {
  auto found = co_await find(account, name);
  if (found || found.error().code != Errc::namespace_not_found) co_return found;
  auto title = Title::parse(name);
  if (!title) co_return title.error();
  NewNamespace wanted{std::move(*title)};
  auto created = co_await create(account, std::move(wanted));
  const bool was_created_meanwhile = !created && created.error().code == Errc::title_taken;
  was_made = created.has_value();
  if (!was_created_meanwhile) co_return created;
  co_return co_await find(account, std::move(name));
}

Task<Result<Namespace>> Namespaces::rename(Place place, Title title) {
  if (const auto found = co_await get(place); !found) co_return found.error();
  co_return co_await engine_.rename_namespace(place.namespace_id, std::move(title));
}

Task<Result<void>> Namespaces::remove(Place place) {
  if (const auto found = co_await get(place); !found) co_return found.error();
  co_return co_await engine_.remove_namespace(place.namespace_id);
}

Task<Result<NamespacePage>> Namespaces::list(AccountId account, ListNamespaces request) {
  auto all = co_await engine_.namespaces(account);
  if (!all) co_return all.error();
  if (!request.only.empty()) {
    std::erase_if(*all, [&](const Namespace& each) { return !std::ranges::count(request.only, each.id); });
  }
  const bool by_title = request.order == ListNamespaces::Order::title;
  const bool is_ascending = request.direction == ListNamespaces::Direction::ascending;
  std::sort(all->begin(), all->end(), [&](const Namespace& left, const Namespace& right) {
    const auto order = by_title ? left.title <=> right.title : left.id <=> right.id;
    return is_ascending ? order < 0 : order > 0;
  });
  NamespacePage page{{}, all->size()};
  const std::uint64_t pages_before = request.page - 1;
  if (pages_before <= all->size() / request.per_page) {
    const auto first = std::min<std::size_t>(pages_before * request.per_page, all->size());
    const auto last = std::min<std::size_t>(first + request.per_page, all->size());
    const auto at = [&](std::size_t index) { return all->begin() + static_cast<std::ptrdiff_t>(index); };
    page.namespaces.assign(at(first), at(last));
  }
  co_return page;
}

}  // namespace cubby
