// A bulk write while it is collected: bodies staged as they come, one batch at the end.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/operation.hpp"
#include "store/engine.hpp"

namespace cubby {

// Used by one coroutine. Memory: keys, metadata and small values of all pairs; larger values are the
// engine's.
class BulkWrite {
 public:
  // `now` decides about expiry.
  BulkWrite(Engine& engine, NamespaceId namespace_id, Instant now, std::uint64_t value_bytes_max)
      : engine_(engine), namespace_id_(namespace_id), now_(now), value_bytes_max_(value_bytes_max) {}

  // The same pair again is taken once. Errors: bulk_duplicate_key (same key, different content),
  // bulk_too_many, value_too_large, those of parse_expiration, the engine's.
  Task<Result<void>> add(BulkPair pair);

  // The puts, in order of arrival. Leaves nothing behind.
  std::vector<Mutation> take() { return std::move(mutations_); }

 private:
  // What two pairs of one key are compared by, for the values themselves may be gone to disk.
  struct Content {
    std::uint64_t value_hash_low;
    std::uint64_t value_hash_high;
    std::size_t value_bytes;
    std::optional<Instant> expiration;
    std::optional<Metadata> metadata;

    bool operator==(const Content&) const = default;
  };

  Engine& engine_;
  const NamespaceId namespace_id_;
  const Instant now_;
  const std::uint64_t value_bytes_max_;
  std::size_t pairs_count_ = 0;
  std::unordered_map<std::string, Content> seen_;
  std::vector<Mutation> mutations_;
};

}  // namespace cubby
