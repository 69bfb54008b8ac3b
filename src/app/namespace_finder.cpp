#include "app/namespace_finder.hpp"

#include "app/client_output.hpp"
#include "app/kv_namespace.hpp"
#include "core/json_text.hpp"

namespace cubby {

client::Outcome<NamespaceId> NamespaceFinder::find_or_create(const std::string& title) {
  if (!ids_) {
    const auto all = site_.client()->namespaces();
    if (!all) return all.error();
    ids_.emplace();
    for (const client::NamespaceInfo& each : *all) ids_->emplace(each.title, each.id);
  }
  auto at = ids_->find(title);
  if (at == ids_->end()) {
    const auto made = site_.client()->create_namespace(title);
    if (!made) return made.error();
    tell("created namespace " + json::quoted(title) + " (" + made->id + ")");
    at = ids_->emplace(title, made->id).first;
  }
  return parse_namespace_id(at->second);
}

}  // namespace cubby
