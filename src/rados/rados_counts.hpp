// What an index holds, counted key by key.
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

  // Counts the heads and sets the counters right. Errors: storage_unavailable, if others write all the time.
  Task<Result<Usage>> recount(RadosPlace place, Instant now);

 private:
  struct Counted {
    Usage all;
    Usage live;
  };

  Task<Result<FoundShard>> recount_shard(RadosPlace place, KeyPosition position, Instant now, Usage& live);
  Task<Result<std::optional<Counted>>> count(RadosPlace place, const FoundShard& shard, Instant now,
                                             RadosRows rows);

  RadosPool& index_;
  RadosRouter& router_;
  RadosBalancer& balancer_;
};

}  // namespace cubby
