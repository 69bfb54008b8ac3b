// What is done with keys, as it is counted by namespace.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace cubby {

// What a call asks of keys. A bulk call is one call.
enum class Work : std::uint8_t { read, write, remove, list };
inline constexpr std::size_t works_count = 4;

using CallRates = std::array<double, works_count>;  // how many a second, by Work

}  // namespace cubby
