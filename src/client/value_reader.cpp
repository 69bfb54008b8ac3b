#include "client/value_reader.hpp"

#include <algorithm>
#include <span>

#include "core/limits.hpp"
#include "core/utf8.hpp"

namespace cubby::client {
namespace {

class Reader {
 public:
  Reader(KvClient& client, const NamespaceId& id, Report& report,
         const std::function<Outcome<void>(Pair pair)>& take)
      : client_(client), id_(id), report_(report), take_(take) {}

  Outcome<void> read(std::span<const ListedKey> keys) {
    std::vector<std::string> names;
    names.reserve(keys.size());
    for (const ListedKey& key : keys) names.push_back(key.name);
    auto found = client_.bulk_get(id_, names);
    if (!found && found.error().status == 413) return read_in_parts(keys);
    if (!found) return found.error();
    for (const ListedKey& key : keys) {
      const auto at = found->find(key.name);
      if (at == found->end()) {
        ++report_.vanished;
        continue;
      }
      Pair pair = std::move(at->second);
      if (!pair.expiration) pair.expiration = key.expiration;
      // What is no text has this in the place of some bytes, and text seldom has it.
      const bool may_be_bytes = pair.value.find(replacement_character) != std::string::npos;
      if (auto read = may_be_bytes ? read_alone(key, std::move(pair.metadata)) : give(std::move(pair)); !read)
        return read;
    }
    return {};
  }

 private:
  Outcome<void> read_in_parts(std::span<const ListedKey> keys) {
    if (keys.size() == 1) {
      auto metadata = keys.front().metadata;
      return read_alone(keys.front(), std::move(metadata));
    }
    const auto half = keys.size() / 2;
    if (auto first = read(keys.first(half)); !first) return first;
    return read(keys.subspan(half));
  }

  Outcome<void> read_alone(const ListedKey& key, std::optional<std::string> metadata) {
    Pair pair{.key = key.name, .value = {}, .metadata = std::move(metadata)};
    const auto read = client_.get(id_, Key::from_checked(key.name), [&pair](std::string_view piece) {
      pair.value += piece;
      return true;
    });
    if (!read && read.error().code == 10009) {
      ++report_.vanished;
      return {};
    }
    if (!read) return read.error();
    pair.expiration = read->expiration;
    return give(std::move(pair));
  }

  Outcome<void> give(Pair pair) {
    ++report_.keys;
    report_.bytes += pair.value.size();
    return take_(std::move(pair));
  }

  KvClient& client_;
  const NamespaceId& id_;
  Report& report_;
  const std::function<Outcome<void>(Pair pair)>& take_;
};

}  // namespace

Outcome<void> read_values(KvClient& client, const NamespaceId& id, const std::vector<ListedKey>& keys,
                          Report& report, const std::function<Outcome<void>(Pair pair)>& take) {
  Reader reader(client, id, report, take);
  for (std::span<const ListedKey> rest = keys; !rest.empty();) {
    const auto part = rest.first(std::min(rest.size(), limits::bulk_get_keys_max));
    if (auto read = reader.read(part); !read) return read;
    rest = rest.subspan(part.size());
  }
  return {};
}

}  // namespace cubby::client
