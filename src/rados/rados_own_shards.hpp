// The shards that this process takes care of.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "rados/rados_catalog.hpp"
#include "rados/rados_parts.hpp"
#include "rados/rados_pool.hpp"
#include "rados/rados_router.hpp"

namespace cubby {

// As a map has it. The map may be a minute old, so that shards have split, merged or gone since.
struct OwnShard {
  RadosPlace place;
  ShardId shard{};
  std::string low;
  std::string high;
};

// Thread-safe. Costs about 200 bytes a shard.
class RadosOwnShards {
 public:
  RadosOwnShards(RadosPool& index, const RadosParts& parts) : index_(index), parts_(parts) {}

  // Those of all indexes that are in a part of this process. Reads the map of an index that is new, or was
  // read a minute ago, or of which something else is known since; some maps at a time.
  using List = std::vector<std::shared_ptr<const OwnShard>>;
  Task<Result<List>> list(RadosCatalog::Shared catalog);

  // One of this index was not as the map had it.
  void forget(IndexId index);

 private:
  using Clock = std::chrono::steady_clock;
  struct Known {
    Clock::time_point read_at;
    RadosParts::Set parts;
    List shards;
  };

  bool is_known(IndexId index, RadosParts::Set parts);
  Task<Result<void>> read_some(const std::vector<RadosPlace>& places, std::size_t& next,
                               RadosParts::Set parts);
  Task<Result<List>> read(RadosPlace place, RadosParts::Set parts);

  RadosPool& index_;
  const RadosParts& parts_;
  std::mutex mutex_;
  std::map<IndexId, Known> known_;
};

}  // namespace cubby
