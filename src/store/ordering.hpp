// What every engine does the same way: the order of versions and of keys, and what counts as usage.
#pragma once

#include <algorithm>
#include <string>

#include "core/values.hpp"
#include "store/engine.hpp"

namespace cubby {

// Milliseconds in the upper 48 bits, so that versions of different servers are comparable; one more than the
// last when the clock stands still or goes back.
inline Version next_version(Version last, Timestamp written_at) {
  const auto milliseconds =
      static_cast<std::uint64_t>(std::max<std::int64_t>(written_at.time_since_epoch().count(), 0));
  return std::max(Version{milliseconds << 16}, Version{static_cast<std::uint64_t>(last) + 1});
}

// The smallest key that a scan may answer.
inline std::string first_key_of(const ScanRequest& request) {
  if (request.after.empty()) return request.prefix;
  return std::max(request.prefix, request.after + '\0');
}

// What a head adds to the usage of its namespace, beside its key.
inline std::uint64_t counted_bytes(const Head& head) {
  return head.value_bytes + (head.metadata ? head.metadata->text().size() : 0);
}

}  // namespace cubby
