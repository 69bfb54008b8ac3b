// What an index holds, by the counters of its shards.
#pragma once

#include <optional>
#include <vector>

#include "rados/rados_engine.hpp"
#include "rados/rados_kept_usage.hpp"
#include "rados/rados_router.hpp"

namespace cubby {

// Thread-safe.
class RadosUsage {
 public:
  RadosUsage(RadosRouter& router, const RadosSharding& sharding)
      : router_(router), shards_per_page_(sharding.usage_kept_shards), kept_(sharding.usage_kept_for) {}

  // Without what is due and not yet swept. Each shard is exact, and each key is in one that is read: exact
  // when no write is in flight. What is on more than `usage_kept_shards` shards is told again for
  // `usage_kept_for`. Errors: namespace_not_found, if the index is being removed or is no more;
  // storage_unavailable, if it changes all the time. Cost: a read or more for each shard, 16 at a time.
  Task<Result<CountedUsage>> of(RadosPlace place, Instant now);

 private:
  struct ShardSum;
  struct Sum;

  Task<Result<Usage>> count(RadosPlace place, Instant now, MapPage first);
  Task<Result<bool>> add_all(RadosPlace place, Instant now, MapPage page, Sum& sum);
  Task<Result<bool>> add(RadosPlace place, Instant now, const MapPage& page, Sum& sum);
  Task<Result<bool>> go_on_to(RadosPlace place, Instant now, const std::string& bound, Sum& sum);
  Task<Result<std::optional<ShardSum>>> read(ShardId shard, Instant now);
  Task<Result<std::optional<ShardSum>>> read_unless(bool& has_failed, ShardId shard, Instant now);

  RadosRouter& router_;
  const std::uint64_t shards_per_page_;
  RadosKeptUsage kept_;
};

}  // namespace cubby
