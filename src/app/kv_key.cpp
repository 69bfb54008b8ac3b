#include "app/kv_key.hpp"

#include <unistd.h>

#include "app/client_output.hpp"
#include "app/kv_namespace.hpp"
#include "core/json_text.hpp"
#include "core/metadata.hpp"
#include "wire/error_table.hpp"

namespace cubby {

using client::Outcome;
using client::usage;

namespace {

const client::Failure cannot_print = client::failed("standard output takes no more");

struct Target {
  NamespaceId id;
  Key key;
};

Outcome<Target> target_of(const KeyOptions& options) {
  const auto id = parse_namespace_id(options.id);
  if (!id) return id.error();
  auto key = Key::parse(options.key);
  if (!key) return usage(error_text(key.error()));
  return Target{*id, *std::move(key)};
}

Outcome<std::unique_ptr<client::Upload>> value_of(const KeyOptions& options) {
  if (options.has_value && !options.path.empty()) return usage("give the value or --path, not both");
  if (options.has_value) return std::unique_ptr<client::Upload>(new client::TextUpload(options.value));
  if (options.path.empty() && ::isatty(STDIN_FILENO) != 0)
    return usage("there is no value", "give it as an argument, by --path, or on standard input");
  auto file = client::FileUpload::open(options.path.empty() ? "-" : options.path);
  if (!file) return file.error();
  return std::unique_ptr<client::Upload>(std::move(*file));
}

}  // namespace

Outcome<void> put_key(client::KvClient& client, const KeyOptions& options) {
  const auto target = target_of(options);
  if (!target) return target.error();
  if (options.put.metadata) {
    const auto metadata = Metadata::parse(*options.put.metadata);
    if (!metadata) return usage("--metadata: " + error_text(metadata.error()));
  }
  const auto value = value_of(options);
  if (!value) return value.error();
  if (auto put = client.put(target->id, target->key, **value, options.put); !put) return put.error();
  tell("wrote " + json::quoted(options.key));
  if (options.as_json && !print(R"({"key":)" + json::quoted(options.key) + "}\n")) return cannot_print;
  return {};
}

namespace {

Outcome<void> print_pair(client::KvClient& client, const Target& target) {
  client::Pair pair{.key = target.key.text(), .value = {}};
  const auto read = client.get(target.id, target.key, [&pair](std::string_view piece) {
    pair.value += piece;
    return true;
  });
  if (!read) return read.error();
  pair.expiration = read->expiration;
  auto metadata = client.metadata(target.id, target.key);
  if (!metadata) return metadata.error();
  pair.metadata = *std::move(metadata);
  std::string text;
  client::append_pair(text, pair);
  if (!print(text += '\n')) return cannot_print;
  return {};
}

}  // namespace

Outcome<void> get_key(client::KvClient& client, const KeyOptions& options) {
  const auto target = target_of(options);
  if (!target) return target.error();
  if (options.as_json) return print_pair(client, *target);
  const auto read = client.get(target->id, target->key, print);
  if (!read) return read.error();
  if (options.as_text && !print("\n")) return cannot_print;
  return {};
}

Outcome<void> list_keys(client::KvClient& client, const KeyOptions& options) {
  const auto id = parse_namespace_id(options.id);
  if (!id) return id.error();
  std::string cursor;
  const char* before = "[\n  ";
  do {
    const auto page = client.list(*id, options.prefix, cursor);
    if (!page) return page.error();
    std::string text;
    for (const client::ListedKey& key : page->keys) {
      text += std::exchange(before, ",\n  ");
      text += R"({"name":)" + json::quoted(key.name);
      if (key.expiration) text += R"(,"expiration":)" + std::to_string(*key.expiration);
      if (key.metadata) text += R"(,"metadata":)" + *key.metadata;
      text += '}';
    }
    if (!print(text)) return cannot_print;
    cursor = page->cursor;
  } while (!cursor.empty());
  if (!print(before[0] == '[' ? "[]\n" : "\n]\n")) return cannot_print;
  return {};
}

Outcome<void> delete_key(client::KvClient& client, const KeyOptions& options) {
  const auto target = target_of(options);
  if (!target) return target.error();
  if (auto removed = client.remove(target->id, target->key); !removed) return removed.error();
  tell("deleted " + json::quoted(options.key));
  if (options.as_json && !print(R"({"key":)" + json::quoted(options.key) + "}\n")) return cannot_print;
  return {};
}

}  // namespace cubby
