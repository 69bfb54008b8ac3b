// What can be asked of a store and what it answers, in words that every dialect shares: codecs turn bytes
// into these and back, the service acts on them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/byte_source.hpp"
#include "core/entry.hpp"
#include "core/expiration.hpp"

namespace cubby {

// A namespace as a caller names it: the account that it must belong to, and its id.
struct Place {
  AccountId account;
  NamespaceId namespace_id;
  std::string_view key_prefix{};  // of all keys that the caller may touch; outlives the call
};

// A value on its way in.
class IncomingValue : public ByteSource {
 public:
  // What came beside the value. REQUIRES: `read` has returned the end, for it may come after the value.
  // Errors: metadata_malformed, metadata_too_large.
  virtual Result<std::optional<Metadata>> metadata() = 0;
};

// One pair of a bulk write. Everything in it has been checked, but for the expiration, which needs to know
// the time.
struct BulkPair {
  Key key;
  std::string value;
  std::optional<Metadata> metadata;
  RawExpiration expiration;
};

// The pairs of a bulk write, as they arrive.
class BulkPairs {
 public:
  virtual ~BulkPairs() = default;
  // The next pair; nothing after the last. Errors: those of a malformed body or pair, and of the source; all
  // final.
  virtual Task<Result<std::optional<BulkPair>>> next() = 0;
};

struct ListKeys {
  std::string prefix;
  std::string cursor;       // as an earlier page gave it; empty: from the start
  std::uint32_t limit = 0;  // 1 to limits::list_keys_max
};

struct KeyPage {
  std::vector<Entry> entries;
  std::string cursor;  // empty: this was the last page
};

struct BulkGet {
  enum class Type { text, json };
  std::vector<Key> keys;  // 1 to limits::bulk_get_keys_max, as asked for
  Type type = Type::text;
  bool with_metadata = false;
};

struct BulkGetItem {
  Key key;
  std::optional<Head> head;  // nothing: no such key
  std::string value;
};

struct NewNamespace {
  Title title;
  Jurisdiction jurisdiction = Jurisdiction::none;
  NamespaceMode mode = NamespaceMode::classic;
};

// A token that is wanted. `account` has been said to be every account where it is nothing.
struct NewToken {
  std::string name;
  Right right = Right::read;
  std::optional<AccountId> account;
  bool is_account_named = false;  // otherwise it is the caller's only one
  std::vector<NamespaceId> namespaces;
  std::string key_prefix;
  std::vector<AddressRange> sources;
  std::optional<Instant> expiration;
};

struct ListNamespaces {
  enum class Order { id, title };
  enum class Direction { ascending, descending };
  std::uint64_t page = 1;
  std::uint32_t per_page = 0;
  Order order = Order::id;
  Direction direction = Direction::ascending;
  std::vector<NamespaceId> only{};  // empty: whichever the account has
};

struct NamespacePage {
  std::vector<Namespace> namespaces;
  std::uint64_t total_count = 0;
};

}  // namespace cubby
