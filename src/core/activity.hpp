// What a server has been doing, as it is told.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/entry.hpp"
#include "core/expiration.hpp"

namespace cubby {

// What a call asks of keys. A bulk call is one call.
enum class Work : std::uint8_t { read, write, remove, list };
inline constexpr std::size_t works_count = 4;

using Calls = std::array<std::uint64_t, works_count>;  // how many, by Work
using CallRates = std::array<double, works_count>;     // how many a second, by Work

// Where what was read came from.
struct ReadCounts {
  std::uint64_t from_memory = 0;
  std::uint64_t from_disk = 0;

  bool operator==(const ReadCounts&) const = default;
};

// A few seconds of it.
struct ActivitySample {
  Instant at{};  // its end
  Calls calls{};
  std::uint64_t median_micros = 0;   // half of the calls were answered within; 0 without calls
  std::uint64_t slowest_micros = 0;  // 99 in 100 were
  ReadCounts reads{};
  std::optional<Usage> stored{};  // of all namespaces, where it was looked up
};

}  // namespace cubby
