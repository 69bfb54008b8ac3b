// A key with its value and what stands beside it, and the JSON object that says it in files and bulk writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/failure.hpp"
#include "client/json_reader.hpp"
#include "core/expiration.hpp"

namespace cubby::client {

struct Pair {
  std::string key;
  std::string value;                         // any bytes
  std::optional<std::string> metadata{};     // JSON, compact
  std::optional<std::int64_t> expiration{};  // seconds since the epoch

  bool operator==(const Pair&) const = default;
};

// Appends {"key":…,"value":…} with `base64` where the value is not UTF-8, and `expiration` and `metadata`
// where there are any: wrangler's form.
void append_pair(std::string& out, const Pair& pair);

// The object that comes next. `expiration_ttl` counts from `now`. Errors: usage, with the reason; a pair
// whose time is over is none. Limits: those of keys, values and metadata (core/limits.hpp).
Outcome<Pair> read_pair(JsonReader& reader, Instant now);

// Whether the API would no longer take the pair for its expiry: it wants 60 s, and some more pass on the way.
bool is_due(const Pair& pair, Instant now);

}  // namespace cubby::client
