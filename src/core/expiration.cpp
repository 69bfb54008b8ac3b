#include "core/expiration.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/limits.hpp"

namespace cubby {
namespace {

// The whole seconds in a decimal number such as "60", "60.0" or "1e3". Far out of range is "very large", not
// an error: the caller's range check names it.
std::optional<std::int64_t> seconds_in(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string::npos) return std::nullopt;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (stop != end) return std::nullopt;
  // from_chars does not say on which side of a double's range a number lies; strtod does.
  if (error == std::errc::result_out_of_range) number = std::strtod(text.c_str(), nullptr);
  constexpr double far = 1e15;  // exact in a double and beyond every limit
  return static_cast<std::int64_t>(std::trunc(std::fmin(std::fmax(number, -far), far)));
}

Result<std::optional<Instant>> from_ttl(const std::string& text, Instant now) {
  const auto ttl = seconds_in(text);
  if (!ttl || *ttl <= 0) return fail(Errc::ttl_malformed, text);
  if (*ttl < limits::expiration_ttl_min) return fail(Errc::ttl_too_short, text);
  const Instant at = now + std::chrono::seconds(*ttl);
  if (at.time_since_epoch().count() > limits::expiration_max) return fail(Errc::ttl_too_long, text);
  return std::optional(at);
}

Result<std::optional<Instant>> from_absolute(const std::string& text, Instant now) {
  const auto seconds = seconds_in(text);
  if (!seconds) return fail(Errc::expiration_malformed, text);
  const Instant at{std::chrono::seconds(*seconds)};
  if (at <= now) return fail(Errc::expiration_in_past, text);
  if (at < now + std::chrono::seconds(limits::expiration_ttl_min))
    return fail(Errc::expiration_too_soon, text);
  if (*seconds > limits::expiration_max) return fail(Errc::expiration_too_late, text);
  return std::optional(at);
}

}  // namespace

Result<std::optional<Instant>> parse_expiration(const RawExpiration& raw, Instant now) {
  if (raw.expiration_ttl) return from_ttl(*raw.expiration_ttl, now);
  if (raw.expiration) return from_absolute(*raw.expiration, now);
  return std::optional<Instant>{};
}

}  // namespace cubby
