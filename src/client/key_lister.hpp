// All keys of a namespace in their order, in units of a proper size.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/transfer.hpp"

namespace cubby::client {

struct KeyUnit {
  std::vector<ListedKey> keys;  // at least one
  Position end;                 // where the next unit begins
};

// Used by one thread at a time.
class KeyLister {
 public:
  // Goes on from `start`; if the server no longer takes its cursor, lists from the beginning and leaves out
  // what comes before.
  KeyLister(std::unique_ptr<KvClient> client, const NamespaceId& id, std::string prefix, Position start,
            std::size_t unit_keys_max);

  // Nothing at the end. Errors: those of KvClient::list.
  Outcome<std::optional<KeyUnit>> next();
  // The same, but only keys up to `last`; nothing if there are none.
  Outcome<std::vector<ListedKey>> take_through(const std::string& last);

 private:
  Outcome<bool> has_keys();  // lists on where it must
  Outcome<ListPage> list();

  std::unique_ptr<KvClient> client_;
  NamespaceId id_;
  std::string prefix_;
  std::string cursor_;  // of the page in hand
  std::string after_;   // the last key given out
  std::size_t unit_keys_max_;
  std::optional<ListPage> page_;
  std::size_t taken_ = 0;  // of the page
};

// By lists alone.
Outcome<std::uint64_t> count_keys(std::unique_ptr<KvClient> client, const NamespaceId& id,
                                  const std::string& prefix);

}  // namespace cubby::client
