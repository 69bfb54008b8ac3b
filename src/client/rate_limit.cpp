#include "client/rate_limit.hpp"

#include <algorithm>
#include <charconv>

namespace cubby::client {
namespace {

constexpr unsigned calls_max = 1'000'000;
constexpr unsigned reserve_part = 10;  // of the limit may come at once

std::optional<unsigned> parse_number(std::string_view& text) {
  unsigned number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return number;
}

}  // namespace

std::optional<RateLimit> RateLimit::parse(std::string_view text) {
  if (text == "none") return RateLimit{};
  const auto calls = parse_number(text);
  if (!calls || *calls < 1 || *calls > calls_max || !text.starts_with('/')) return std::nullopt;
  text.remove_prefix(1);
  const bool has_count = !text.empty() && text.front() >= '0' && text.front() <= '9';
  const auto count = has_count ? parse_number(text) : 1u;
  if (!count || *count < 1 || *count > 1000) return std::nullopt;
  if (text == "s") return RateLimit{*calls, std::chrono::seconds(*count)};
  if (text == "m") return RateLimit{*calls, std::chrono::minutes(*count)};
  if (text == "h") return RateLimit{*calls, std::chrono::hours(*count)};
  return std::nullopt;
}

// A period sees at most reserve + period / interval calls, so the interval is made for the limit less the
// reserve.
Pacer::Pacer(RateLimit limit) : interval_(0), reserve_(0) {
  if (limit.calls == 0) return;
  const unsigned at_once = std::max(1u, limit.calls / reserve_part);
  interval_ = std::chrono::steady_clock::duration(limit.period) / std::max(1u, limit.calls - at_once);
  reserve_ = interval_ * at_once;
}

Pacer::Time Pacer::reserve(Time now) {
  const std::scoped_lock lock(mutex_);
  next_ = std::max(next_, now - reserve_) + interval_;
  return std::max({now, next_, held_until_});
}

void Pacer::hold_until(Time time) {
  const std::scoped_lock lock(mutex_);
  held_until_ = std::max(held_until_, time);
}

}  // namespace cubby::client
