// `cubby kv namespace …`.
#pragma once

#include <string>

#include "client/kv_client.hpp"

namespace cubby {

struct NamespaceOptions {
  std::string title;  // of what is there, or is to be
  std::string id;     // instead of the title
  std::string new_title;
  std::string jurisdiction;
  std::string mode;
  bool is_confirmed = false;
  bool as_json = false;
};

client::Outcome<void> create_namespace(client::KvClient& client, const NamespaceOptions& options);
client::Outcome<void> list_namespaces(client::KvClient& client, const NamespaceOptions& options);
client::Outcome<void> rename_namespace(client::KvClient& client, const NamespaceOptions& options);
client::Outcome<void> delete_namespace(client::KvClient& client, const NamespaceOptions& options);

// Errors: usage.
client::Outcome<NamespaceId> parse_namespace_id(const std::string& text);

}  // namespace cubby
