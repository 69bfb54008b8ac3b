// What an index holds.
#pragma once

#include <optional>
#include <vector>

#include "rados/rados_balancer.hpp"
#include "rados/rados_router.hpp"
#include "rados/rados_rows.hpp"

namespace cubby {

// Thread-safe. Each goes over all shards of the index, from the first to the last, and answers
// namespace_not_found when it is being removed, or is no more.
class RadosCounts {
 public:
  RadosCounts(RadosPool& index, RadosRouter& router, RadosBalancer& balancer)
      : index_(index), router_(router), balancer_(balancer) {}

  // What the counters say, without what is due and not yet swept. Each shard is exact, and each key is in one
  // that is asked: exact when no write is in flight.
  Task<Result<Usage>> usage(RadosPlace place, Instant now);

  // Counts the heads and sets the counters right. Errors: storage_unavailable, if others write all the time.
  Task<Result<Usage>> recount(RadosPlace place, Instant now);

 private:
  struct Counted {
    Usage all;
    Usage live;
  };

  // Adds a shard's to `total`; nothing: it has changed meanwhile.
  Task<Result<std::optional<FoundShard>>> add_usage(RadosPlace place, KeyPosition position, Instant now,
                                                    rados_layout::ShardCounter& total);
  Task<Result<FoundShard>> recount_shard(RadosPlace place, KeyPosition position, Instant now, Usage& live);
  Task<Result<std::optional<Counted>>> count(RadosPlace place, const FoundShard& shard, Instant now,
                                             RadosRows rows);

  RadosPool& index_;
  RadosRouter& router_;
  RadosBalancer& balancer_;
};

}  // namespace cubby
