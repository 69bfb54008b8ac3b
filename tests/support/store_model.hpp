// What an engine must hold, as a few maps: the model that the model test compares it with.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/expiration.hpp"
#include "tests/support/engine_calls.hpp"

namespace cubby {

struct Model {
  struct Record {
    Head head;
    std::uint64_t seed;  // of its bytes

    std::string bytes() const { return some_bytes(head.value_bytes, seed); }
  };
  using Records = std::map<std::string, Record>;

  std::map<NamespaceId, Namespace> catalog;
  std::map<NamespaceId, Records> data;
  Version last_version{};

  bool has_title(const AccountId& account, const Title& wanted,
                 std::optional<NamespaceId> except = {}) const {
    return std::any_of(catalog.begin(), catalog.end(), [&](const auto& each) {
      return each.second.account == account && each.second.title == wanted && each.first != except;
    });
  }

  const Record* find(NamespaceId id, const std::string& text, Instant now) const {
    const auto records = data.find(id);
    if (records == data.end()) return nullptr;
    const auto found = records->second.find(text);
    if (found == records->second.end() || is_expired(found->second.head.expiration, now)) return nullptr;
    return &found->second;
  }

  Usage usage(NamespaceId id, Instant now) const {
    Usage usage;
    const auto records = data.find(id);
    if (records == data.end()) return usage;
    for (const auto& [text, record] : records->second) {
      if (is_expired(record.head.expiration, now)) continue;
      ++usage.keys;
      usage.bytes += text.size() + record.head.value_bytes;
      if (record.head.metadata) usage.bytes += record.head.metadata->text().size();
    }
    return usage;
  }

  // What is due, in the order in which it is swept.
  std::vector<std::pair<NamespaceId, std::string>> due(Instant now) const {
    std::set<std::tuple<Instant, NamespaceId, std::string>> sorted;
    for (const auto& [id, records] : data) {
      for (const auto& [text, record] : records) {
        if (is_expired(record.head.expiration, now)) sorted.emplace(*record.head.expiration, id, text);
      }
    }
    std::vector<std::pair<NamespaceId, std::string>> all;
    for (const auto& [second, id, text] : sorted) all.emplace_back(id, text);
    return all;
  }

  std::vector<std::pair<std::string, Head>> list(NamespaceId id, const std::string& prefix,
                                                 const std::string& after, Instant now) const {
    std::vector<std::pair<std::string, Head>> listed;
    const auto records = data.find(id);
    if (records == data.end()) return listed;
    for (const auto& [text, record] : records->second) {
      if (!text.starts_with(prefix) || text <= after || is_expired(record.head.expiration, now)) continue;
      listed.emplace_back(text, record.head);
    }
    return listed;
  }
};

}  // namespace cubby
