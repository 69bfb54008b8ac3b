#include "service/store_figures.hpp"

#include <algorithm>

#include "core/limits.hpp"

namespace cubby {

Task<Result<StoreFigures>> StoreWatch::all() {
  const Instant now = whole_seconds(clock_.now());
  StoreFigures figures;
  auto of_engine = co_await engine_.figures(now);
  if (!of_engine) co_return of_engine.error();
  figures.engine = std::move(*of_engine);
  const auto accounts = co_await engine_.accounts();
  if (!accounts) co_return accounts.error();
  std::vector<Namespace> known;
  for (const Account& account : *accounts) {
    auto namespaces = co_await engine_.namespaces(account.id);
    if (!namespaces) co_return namespaces.error();
    std::move(namespaces->begin(), namespaces->end(), std::back_inserter(known));
  }
  figures.namespaces_count = known.size();
  const auto by_id = [](const Namespace& a, const Namespace& b) { return a.id < b.id; };
  std::sort(known.begin(), known.end(), by_id);
  if (known.size() > limits::figures_namespaces_max)
    known.erase(known.begin() + limits::figures_namespaces_max, known.end());
  for (Namespace& each : known) {
    const auto usage = co_await engine_.usage(each.id, now);
    if (!usage) co_return usage.error();
    figures.namespaces.push_back({std::move(each), usage->usage});
  }
  co_return figures;
}

}  // namespace cubby
