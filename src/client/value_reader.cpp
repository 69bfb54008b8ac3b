#include "client/value_reader.hpp"

#include <algorithm>
#include <span>

#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "core/utf8.hpp"

namespace cubby::client {
namespace {

constexpr unsigned rounds_max = 5;

using Pairs = std::map<std::string, Pair>;

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
    std::vector<std::string> partly;
    for (const ListedKey& key : keys) {
      const auto at = found->find(key.name);
      if (at != found->end() && !is_whole(at->second, key)) partly.push_back(key.name);
    }
    const auto completed = complete(*found, std::move(partly));
    if (!completed && completed.error().status == 413) {  // they have grown
      found->clear();
      return read_in_parts(keys);
    }
    if (!completed) return completed;
    for (const ListedKey& key : keys) {
      const auto at = found->find(key.name);
      if (auto given = at == found->end() ? vanished() : give(std::move(at->second)); !given) return given;
    }
    return {};
  }

 private:
  static bool is_whole(const Pair& pair, const ListedKey& key) {
    // What is no text has this in the place of some bytes, and text seldom has it.
    const bool may_be_bytes = pair.value.find(replacement_character) != std::string::npos;
    // It has been written since, or the server does not say it here.
    const bool may_lack_expiration = key.expiration && !pair.expiration;
    return !may_be_bytes && !may_lack_expiration;
  }

  // Gets values and expirations of these one by one. They are of the write that `pairs` tells of if a bulk
  // get tells the same afterwards; otherwise again.
  Outcome<void> complete(Pairs& pairs, std::vector<std::string> names) {
    for (unsigned round = 1; !names.empty(); ++round) {
      Pairs alone;
      for (const std::string& name : names) {
        auto pair = get(name);
        if (!pair) return pair.error();
        if (*pair) alone.emplace(name, **std::move(pair));
      }
      const auto again = client_.bulk_get(id_, names);
      if (!again) return again.error();
      std::vector<std::string> changed;
      for (const std::string& name : names) {
        Pair& seen = pairs.at(name);
        const auto value = alone.find(name);
        const auto now = again->find(name);
        if (now == again->end()) {
          pairs.erase(name);
        } else if (value != alone.end() && (now->second == seen || round == rounds_max)) {
          if (now->second != seen) tell_of_haste(name);
          seen.value = std::move(value->second.value);
          seen.expiration = value->second.expiration;
        } else if (round == rounds_max) {
          pairs.erase(name);
        } else {
          seen = now->second;
          changed.push_back(name);
        }
      }
      names = std::move(changed);
    }
    return {};
  }

  Outcome<void> read_in_parts(std::span<const ListedKey> keys) {
    if (keys.size() == 1) return read_large(keys.front());
    const auto half = keys.size() / 2;
    if (auto first = read(keys.first(half)); !first) return first;
    return read(keys.subspan(half));
  }

  // A value that no bulk get takes. Its metadata is asked for before and after it.
  Outcome<void> read_large(const ListedKey& key) {
    auto metadata = key.metadata;
    for (unsigned round = 1;; ++round) {
      auto pair = get(key.name);
      if (!pair) return pair.error();
      if (!*pair) return vanished();
      auto now = client_.metadata(id_, Key::from_checked(key.name));
      if (!now && now.error().code == 10009) return vanished();
      if (!now) return now.error();
      if (*now == metadata || round == rounds_max) {
        if (*now != metadata) tell_of_haste(key.name);
        (*pair)->metadata = *std::move(now);
        return give(**std::move(pair));
      }
      metadata = *std::move(now);
    }
  }

  // Without metadata; nothing: it is gone.
  Outcome<std::optional<Pair>> get(const std::string& name) {
    Pair pair{.key = name, .value = {}};
    const auto read = client_.get(id_, Key::from_checked(name), [&pair](std::string_view piece) {
      pair.value += piece;
      return true;
    });
    if (!read && read.error().code == 10009) return std::optional<Pair>();
    if (!read) return read.error();
    pair.expiration = read->expiration;
    return std::optional(std::move(pair));
  }

  void tell_of_haste(const std::string& name) {
    report_.say(json::quoted(name) + " is written all the time: its metadata may be of another write");
  }

  Outcome<void> vanished() {
    ++report_.vanished;
    return {};
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
