#include "app/kv_namespace.hpp"

#include "app/client_output.hpp"
#include "core/json_text.hpp"

namespace cubby {

using client::Failure;
using client::NamespaceInfo;
using client::Outcome;
using client::usage;

namespace {

const Failure cannot_print = client::failed("standard output takes no more");

// By id, or by title.
Outcome<NamespaceInfo> find(client::KvClient& client, const NamespaceOptions& options) {
  if (options.id.empty() == options.title.empty())
    return usage("name the namespace, either by its title or by --namespace-id");
  if (!options.id.empty()) {
    const auto id = parse_namespace_id(options.id);
    if (!id) return id.error();
    return NamespaceInfo{.id = id->text(), .title = {}};
  }
  const auto all = client.namespaces();
  if (!all) return all.error();
  for (const NamespaceInfo& each : *all)
    if (each.title == options.title) return each;
  return Failure{.kind = Failure::Kind::not_found,
                 .message = "there is no namespace with the title " + json::quoted(options.title),
                 .advice = "`cubby kv namespace list` shows those that there are"};
}

std::string name_of(const NamespaceInfo& info) {
  return info.title.empty() ? info.id : json::quoted(info.title) + " (" + info.id + ")";
}

}  // namespace

Outcome<NamespaceId> parse_namespace_id(const std::string& text) {
  const auto id = NamespaceId::parse(text);
  if (!id) return usage("the id of a namespace has 32 hexadecimal digits, not " + json::quoted(text));
  return *id;
}

Outcome<void> create_namespace(client::KvClient& client, const NamespaceOptions& options) {
  const auto made = client.create_namespace(options.title, options.jurisdiction, options.mode);
  if (!made) return made.error();
  tell("created namespace " + json::quoted(made->title));
  if (!print((options.as_json ? made->json : made->id) + "\n")) return cannot_print;
  return {};
}

Outcome<void> list_namespaces(client::KvClient& client, const NamespaceOptions&) {
  const auto all = client.namespaces();
  if (!all) return all.error();
  std::string text = "[";
  for (const NamespaceInfo& each : *all) text += (text.size() > 1 ? ",\n  " : "\n  ") + each.json;
  if (!print(text + (all->empty() ? "]\n" : "\n]\n"))) return cannot_print;
  return {};
}

Outcome<void> rename_namespace(client::KvClient& client, const NamespaceOptions& options) {
  const auto found = find(client, options);
  if (!found) return found.error();
  const auto id = parse_namespace_id(found->id);
  if (!id) return id.error();
  const auto renamed = client.rename_namespace(*id, options.new_title);
  if (!renamed) return renamed.error();
  tell("renamed namespace " + name_of(*found) + " to " + json::quoted(options.new_title));
  if (options.as_json && !print(renamed->json + "\n")) return cannot_print;
  return {};
}

Outcome<void> delete_namespace(client::KvClient& client, const NamespaceOptions& options) {
  const auto found = find(client, options);
  if (!found) return found.error();
  const auto id = parse_namespace_id(found->id);
  if (!id) return id.error();
  if (!options.is_confirmed) {
    const auto is_sure =
        confirm("Delete namespace " + name_of(*found) + " with everything in it?", "--skip-confirmation");
    if (!is_sure) return is_sure.error();
    if (!*is_sure) return client::failed("nothing was deleted");
  }
  if (auto removed = client.remove_namespace(*id); !removed) return removed.error();
  tell("deleted namespace " + name_of(*found));
  if (options.as_json && !print(R"({"id":")" + id->text() + "\"}\n")) return cannot_print;
  return {};
}

}  // namespace cubby
