#include "client/pair.hpp"

#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "core/metadata.hpp"
#include "core/utf8.hpp"
#include "core/values.hpp"
#include "wire/base64.hpp"
#include "wire/error_table.hpp"
#include "wire/names.hpp"

namespace cubby::client {
namespace {

constexpr std::int64_t seconds_on_the_way = 5;

void append_name(std::string& out, std::string_view name) {
  if (out.back() != '{') out += ',';
  json::append_string(out, name);
  out += ':';
}

struct Draft {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::string metadata;
  bool is_base64 = false;
  std::optional<std::int64_t> expiration;
  std::optional<std::int64_t> expiration_ttl;
};

Draft read_members(JsonReader& reader) {
  namespace field = names::field;
  Draft draft;
  std::string name;
  reader.enter_object();
  while (reader.next_member(name)) {
    if (name == field::key)
      draft.key = reader.string();
    else if (name == field::value)
      draft.value = reader.string();
    else if (name == field::base64)
      draft.is_base64 = reader.boolean();
    else if (name == field::metadata)
      draft.metadata = reader.raw();
    else if (name == field::expiration)
      draft.expiration = reader.integer();
    else if (name == field::expiration_ttl)
      draft.expiration_ttl = reader.integer();
    else
      reader.skip();
  }
  return draft;
}

Failure of_key(const std::string& key, const std::string& what) {
  return usage("key " + json::quoted(key) + ": " + what);
}

}  // namespace

void append_pair(std::string& out, const Pair& pair) {
  namespace field = names::field;
  out += '{';
  append_name(out, field::key);
  json::append_string(out, pair.key);
  append_name(out, field::value);
  if (is_utf8(pair.value)) {
    json::append_string(out, pair.value);
  } else {
    out += '"';
    append_base64(out, pair.value);
    out += '"';
    append_name(out, field::base64);
    out += "true";
  }
  if (pair.expiration) {
    append_name(out, field::expiration);
    out += std::to_string(*pair.expiration);
  }
  if (pair.metadata) {
    append_name(out, field::metadata);
    out += *pair.metadata;
  }
  out += '}';
}

Outcome<Pair> read_pair(JsonReader& reader, Instant now) {
  Draft draft = read_members(reader);
  if (!reader.ok()) return usage(reader.error());
  if (!draft.key) return usage("key is missing");
  const auto key = Key::parse(*draft.key);
  if (!key) return of_key(*draft.key, error_text(key.error()));
  if (!draft.value) return of_key(*draft.key, "value is missing");
  if (draft.is_base64 && !decode_base64_in_place(*draft.value)) return of_key(*draft.key, "not base64");
  if (draft.value->size() > limits::value_bytes_max)
    return of_key(*draft.key, error_text(value_too_large(draft.value->size(), limits::value_bytes_max)));
  Pair pair{.key = *std::move(draft.key), .value = *std::move(draft.value), .expiration = draft.expiration};
  if (draft.expiration_ttl) pair.expiration = now.time_since_epoch().count() + *draft.expiration_ttl;
  if (!draft.metadata.empty()) {
    auto metadata = Metadata::parse(draft.metadata);
    if (!metadata) return of_key(pair.key, error_text(metadata.error()));
    if (*metadata) pair.metadata = (*metadata)->text();
  }
  return pair;
}

bool is_due(const Pair& pair, Instant now) {
  return pair.expiration &&
         *pair.expiration < now.time_since_epoch().count() + limits::expiration_ttl_min + seconds_on_the_way;
}

}  // namespace cubby::client
