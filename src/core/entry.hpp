// What is stored under a key, and who may ask for it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/byte_source.hpp"
#include "core/clock.hpp"
#include "core/metadata.hpp"
#include "core/pinned_bytes.hpp"
#include "core/values.hpp"

namespace cubby {

// Everything about a value but its bytes. All of it comes from the same write.
struct Head {
  Version version{};
  std::optional<Instant> expiration;
  std::optional<Metadata> metadata;
  std::uint64_t value_bytes = 0;

  bool operator==(const Head&) const = default;
};

// A row of a listing.
struct Entry {
  Key key;
  Head head;
};

// A value being read. It stays whole and readable whatever is written meanwhile.
struct StoredValue {
  Head head;
  PinnedBytes bytes;                 // the value, or its first piece when `rest` is there
  std::unique_ptr<ByteSource> rest;  // the pieces that follow, for values larger than one piece
};

// What a namespace holds: its live keys, and the bytes of their names, values and metadata.
struct Usage {
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;

  bool operator==(const Usage&) const = default;
};

// A usage as it was told: what was written within `age` before the call may be missing; 0: nothing is.
struct CountedUsage {
  Usage usage;
  std::chrono::seconds age{0};
};

enum class Jurisdiction : std::uint8_t { none, eu, fedramp, us };  // on disk: never change a number
enum class NamespaceMode : std::uint8_t { classic, instant };      // on disk: never change a number

struct Namespace {
  NamespaceId id;
  AccountId account;
  Title title;
  Jurisdiction jurisdiction = Jurisdiction::none;
  NamespaceMode mode = NamespaceMode::classic;

  bool operator==(const Namespace&) const = default;
};

struct Account {
  AccountId id;
  std::string name;

  bool operator==(const Account&) const = default;
};

// SHA-256 of a token's text: the only form in which a token is stored.
using TokenHash = std::array<std::uint8_t, 32>;

// What a token may do, each including the ones before it.
enum class Right : std::uint8_t { read, write, admin };  // on disk: never change a number

struct Token {
  TokenId id;
  TokenHash hash{};
  std::string name;
  Right right = Right::read;
  std::optional<AccountId> account;   // nothing: every account
  std::optional<Instant> expiration;  // nothing: until it is revoked
  bool revoked = false;
  std::vector<NamespaceId> namespaces{};  // empty: all of the account
  std::string key_prefix{};               // of all keys that it reaches
  std::vector<AddressRange> sources{};    // where it may be used from; empty: everywhere
  Instant created{};                      // the epoch: by a version that did not note it

  bool operator==(const Token&) const = default;
};

}  // namespace cubby
