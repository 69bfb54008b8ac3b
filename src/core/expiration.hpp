// When a value stops being readable.
#pragma once

#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/error.hpp"

namespace cubby {

// The two ways to say it, as numbers in the text of the request (a query parameter or a JSON number).
struct RawExpiration {
  std::optional<std::string> expiration;      // seconds since the epoch
  std::optional<std::string> expiration_ttl;  // seconds from now
};

// The last instant is exclusive: a value is gone when `expiration <= now`, everywhere.
// Nothing given means that the value never expires. The TTL wins if both are given; `expiration` is then
// ignored, bad or not. Fractions are cut off (`60.0` and `60.9` are 60: Python's client sends floats).
//
// Errors: ttl_malformed (no number, or not above 0), ttl_too_short, ttl_too_long; expiration_malformed,
// expiration_in_past, expiration_too_soon, expiration_too_late. The argument is the number as sent.
// Limits: at least 60 s after `now`; at most the year 9999.
// Source: Cloudflare's documentation of "expiring keys".
Result<std::optional<Instant>> parse_expiration(const RawExpiration& raw, Instant now);

// The one rule of expiry.
inline bool is_expired(const std::optional<Instant>& expiration, Instant now) {
  return expiration && *expiration <= now;
}

}  // namespace cubby
