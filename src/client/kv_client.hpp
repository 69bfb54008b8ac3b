// The calls of the REST API of Workers KV, as a client makes them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/http_client.hpp"
#include "client/pair.hpp"
#include "core/values.hpp"

namespace cubby::client {

struct NamespaceInfo {
  std::string id;
  std::string title;
  std::string json{};  // the whole object as the server gave it, compact
};

struct ListedKey {
  std::string name;
  std::optional<std::int64_t> expiration{};
  std::optional<std::string> metadata{};  // JSON, compact
};

struct ListPage {
  std::vector<ListedKey> keys;
  std::string cursor;  // empty: nothing follows
};

struct ReadValue {
  std::optional<std::int64_t> expiration;
};

struct PutOptions {
  std::optional<std::int64_t> expiration{};
  std::optional<std::int64_t> expiration_ttl{};
  std::optional<std::string> metadata{};  // JSON
};

// One account at one server. Used by one thread at a time. Every call: errors of the server with their code
// and message, and what to do (not_found, refused, other); other, if there is no answer.
class KvClient {
 public:
  // `account` and the ids of namespaces are sent as they are.
  KvClient(const Connection& connection, std::string account)
      : http_(connection), account_(std::move(account)) {}

  // The accounts that the token may use, as ids.
  static Outcome<std::vector<std::string>> accounts(const Connection& connection);

  Outcome<std::vector<NamespaceInfo>> namespaces();
  // `jurisdiction` and `mode` may be empty.
  Outcome<NamespaceInfo> create_namespace(const std::string& title, const std::string& jurisdiction = {},
                                          const std::string& mode = {});
  Outcome<NamespaceInfo> rename_namespace(const NamespaceId& id, const std::string& title);
  Outcome<void> remove_namespace(const NamespaceId& id);

  // Limits: 1,000 keys a page. An empty page may have a cursor.
  Outcome<ListPage> list(const NamespaceId& id, const std::string& prefix, const std::string& cursor);
  // The value goes to `sink` in pieces; what has gone there stays there when the call fails in the middle.
  Outcome<ReadValue> get(const NamespaceId& id, const Key& key, std::function<bool(std::string_view)> sink);
  Outcome<std::optional<std::string>> metadata(const NamespaceId& id, const Key& key);
  Outcome<void> put(const NamespaceId& id, const Key& key, Upload& value, const PutOptions& options);
  Outcome<void> remove(const NamespaceId& id, const Key& key);

  // Writes an array of pairs, as JSON, or nothing of it.
  Outcome<void> bulk_put(const NamespaceId& id, std::string pairs_json);
  Outcome<void> bulk_remove(const NamespaceId& id, const std::vector<std::string>& keys);
  // What exists of at most limits::bulk_get_keys_max keys. A value that is not UTF-8 has U+FFFD in it.
  Outcome<std::map<std::string, Pair>> bulk_get(const NamespaceId& id, const std::vector<std::string>& keys);

 private:
  Outcome<std::string> call(HttpRequest request);
  std::string target(std::string_view rest) const;
  static std::string of_key(const NamespaceId& id, std::string_view what, const Key& key);

  HttpClient http_;
  std::string account_;
};

// What an answer that is none of success says, in words for people.
Failure failure_of(const HttpAnswer& answer, const Connection& connection);

}  // namespace cubby::client
