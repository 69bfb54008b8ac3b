#include "app/kv_bulk.hpp"

#include <algorithm>

#include "app/client_output.hpp"
#include "app/kv_namespace.hpp"
#include "client/json_elements.hpp"
#include "core/json_text.hpp"
#include "core/limits.hpp"

namespace cubby {

using client::Outcome;

namespace {

const client::Failure cannot_print = client::failed("standard output takes no more");

// Of one call: as many pairs as wrangler sends, and not much memory.
constexpr std::size_t call_pairs_max = 1000;
constexpr std::size_t call_bytes_max = 16 * limits::MiB;

// Gives the pairs of the file to `send` in calls of a proper size; answers how many there are.
template <class Send>
Outcome<std::size_t> for_each_call(client::Upload& file, Send send) {
  client::JsonElements elements(file);
  std::string call = "[";
  std::size_t call_pairs = 0;
  while (true) {
    auto element = elements.next();
    if (!element) return element.error();
    const bool is_full =
        call_pairs == call_pairs_max || (*element && call.size() + (*element)->size() > call_bytes_max);
    if (call_pairs > 0 && (!*element || is_full)) {
      if (auto sent = send(call + "]"); !sent) return sent.error();
      call = "[";
      call_pairs = 0;
    }
    if (!*element) return elements.count();
    client::JsonReader reader(**element);
    if (const auto pair = client::read_pair(reader, Instant{}); !pair)
      return client::usage("pair " + std::to_string(elements.count() - 1) + ": " + pair.error().message);
    if (call_pairs++ > 0) call += ',';
    call += **element;
  }
}

Outcome<void> told(const std::string& what, std::size_t count, bool as_json) {
  tell(what + " " + std::to_string(count) + " keys");
  if (as_json && !print(R"({"keys":)" + std::to_string(count) + "}\n")) return cannot_print;
  return {};
}

}  // namespace

Outcome<void> bulk_put(client::KvClient& client, const BulkOptions& options) {
  const auto id = parse_namespace_id(options.id);
  if (!id) return id.error();
  const auto file = client::FileUpload::open(options.path);
  if (!file) return file.error();
  if ((*file)->size()) {
    const auto checked = for_each_call(**file, [](const std::string&) { return Outcome<void>(); });
    if (!checked) return checked.error();
    if (!(*file)->rewind()) return client::failed(options.path + " cannot be read again");
  }
  const auto count =
      for_each_call(**file, [&](std::string call) { return client.bulk_put(*id, std::move(call)); });
  if (!count) return count.error();
  return told("wrote", *count, options.as_json);
}

namespace {

Outcome<std::vector<std::string>> keys_in(const std::string& path) {
  const auto file = client::FileUpload::open(path);
  if (!file) return file.error();
  return client::read_key_names(**file);
}

// The next part of the keys, as many as one call takes.
std::vector<std::string> part_of(const std::vector<std::string>& keys, std::size_t begin, std::size_t count) {
  const auto first = keys.begin() + static_cast<std::ptrdiff_t>(begin);
  return {first, first + static_cast<std::ptrdiff_t>(std::min(count, keys.size() - begin))};
}

// Members of an object. Too much for one answer is asked for in parts.
Outcome<void> print_values(client::KvClient& client, const NamespaceId& id,
                           const std::vector<std::string>& keys, const char*& before) {
  const auto found = client.bulk_get(id, keys);
  if (!found && found.error().status == 413 && keys.size() > 1) {
    const std::size_t half = keys.size() / 2;
    if (auto first = print_values(client, id, part_of(keys, 0, half), before); !first) return first;
    return print_values(client, id, part_of(keys, half, keys.size()), before);
  }
  if (!found) return found.error();
  std::string text;
  for (const std::string& key : keys) {
    text += std::exchange(before, ",\n  ");
    json::append_string(text, key);
    text += ": ";
    const auto pair = found->find(key);
    if (pair == found->end())
      text += "null";
    else
      json::append_string(text, pair->second.value);
  }
  if (!print(text)) return cannot_print;
  return {};
}

}  // namespace

Outcome<void> bulk_get(client::KvClient& client, const BulkOptions& options) {
  const auto id = parse_namespace_id(options.id);
  if (!id) return id.error();
  const auto keys = keys_in(options.path);
  if (!keys) return keys.error();
  const char* before = "{\n  ";
  for (std::size_t begin = 0; begin < keys->size(); begin += limits::bulk_get_keys_max) {
    const auto part = part_of(*keys, begin, limits::bulk_get_keys_max);
    if (auto printed = print_values(client, *id, part, before); !printed) return printed;
  }
  if (!print(before[0] == '{' ? "{}\n" : "\n}\n")) return cannot_print;
  return {};
}

Outcome<void> bulk_delete(client::KvClient& client, const BulkOptions& options) {
  const auto id = parse_namespace_id(options.id);
  if (!id) return id.error();
  if (!options.is_confirmed) {
    const auto is_sure =
        confirm("Delete all keys of " + options.path + " from " + options.id + "?", "--force");
    if (!is_sure) return is_sure.error();
    if (!*is_sure) return client::failed("nothing was deleted");
  }
  const auto keys = keys_in(options.path);
  if (!keys) return keys.error();
  for (std::size_t begin = 0; begin < keys->size(); begin += call_pairs_max)
    if (auto removed = client.bulk_remove(*id, part_of(*keys, begin, call_pairs_max)); !removed)
      return removed.error();
  return told("deleted", keys->size(), options.as_json);
}

}  // namespace cubby
