// Finds the shard of a key. What a process remembers and what the map says are hints; whether a shard is the
// right one is told by its own header, which every read of rows brings along.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rados/rados_pool.hpp"
#include "rados/rados_shard.hpp"

namespace cubby {

// A namespace and where it is.
struct RadosPlace {
  NamespaceId namespace_id;
  IndexId index{};
};

// A shard as it was read.
struct FoundShard {
  ShardId id{};
  ShardHeader header;
  std::string header_bytes;          // to be compared in a write
  std::uint64_t object_version = 0;  // of its RADOS object
};

// What a map says of a bound.
struct MapEntry {
  ShardId shard{};
  std::string bytes;  // to be compared in a write
};

// Shards as a map has them, in the order of their keys.
struct MapPage {
  std::vector<ShardId> shards;
  std::string high;       // where the last one ends
  bool has_more = false;  // behind it
};

// Thread-safe.
class RadosRouter {
 public:
  explicit RadosRouter(RadosPool& pool) : pool_(pool) {}

  // Adds to a read of a shard what the caller wants beside the header. Called for each shard that is asked.
  using Prepare = std::function<void(librados::ObjectReadOperation&)>;

  // Reads the shard in which `position` is, whatever its state. Errors: namespace_not_found, if the index is
  // being removed or is no more. REQUIRES: `position` is not beyond `last_bound`.
  Task<Result<FoundShard>> read(RadosPlace place, KeyPosition position, Prepare prepare);

  // Where `key` was last seen, if anywhere.
  struct Seen {
    ShardId shard{};
    std::string high;
  };
  std::optional<Seen> seen(IndexId index, const std::string& key) const;

  // Reads one shard. Nothing: it is no more.
  Task<Result<std::optional<FoundShard>>> read_shard(ShardId shard, Prepare prepare = nullptr);
  Task<Result<std::optional<MapEntry>>> map_entry(IndexId index, const std::string& high);

  // What the map says. Errors: namespace_not_found, if it is no more.
  Task<Result<ShardId>> look_up(IndexId index, KeyPosition position);
  // Of the shards that end above `after`. REQUIRES: `shards_max` is at most 1,000.
  Task<Result<MapPage>> map_page(IndexId index, std::string after, std::uint64_t shards_max);

 private:
  struct Range {
    std::string low;
    ShardId shard{};
  };
  using Ranges = std::map<std::string, Range>;  // by their upper bound

  // Only what `read` was led to, from the map or from the neighbour, may be remembered.
  void learn(IndexId index, ShardId shard, const ShardHeader& header);
  void forget(IndexId index, const std::string& high);
  std::optional<Seen> seen_at(IndexId index, const KeyPosition& position) const;

  RadosPool& pool_;
  mutable std::mutex mutex_;
  std::map<IndexId, Ranges> seen_;
  std::size_t seen_count_ = 0;
};

}  // namespace cubby
