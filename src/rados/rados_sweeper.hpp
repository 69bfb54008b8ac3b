// Removes values that are due, of the shards that this process takes care of.
#pragma once

#include <vector>

#include "rados/rados_applier.hpp"
#include "rados/rados_catalog.hpp"
#include "rados/rados_own_shards.hpp"
#include "rados/rados_parts.hpp"
#include "rados/rados_router.hpp"

namespace cubby {

// Thread-safe. Any number of processes may sweep the same shard: a row goes only if it is still when its key
// is due, and each is counted by the one that removed it.
class RadosSweeper {
 public:
  RadosSweeper(RadosCatalog& catalog, const RadosParts& parts, RadosOwnShards& shards, RadosRouter& router,
               RadosApplier& applier)
      : catalog_(catalog), parts_(parts), shards_(shards), router_(router), applier_(applier) {}

  // See Engine::sweep; what is due in other processes' shards does not count, nor in one that another process
  // has made within the last minute. Errors: of a shard that could not be read or written; what is due in the
  // others has gone all the same. Cost: a read for each shard, some at a time, and what is removed.
  Task<Result<Swept>> sweep(Instant now, std::uint32_t rows_max);

 private:
  struct Search;

  Task<Result<void>> look_at_some(Search& search);
  Task<Result<void>> look_at(const OwnShard& own, Search& search);
  Task<Result<std::optional<FoundShard>>> read_due(RadosPlace place, ShardId shard, Search& search);
  Task<std::uint32_t> remove(Search& search);

  RadosCatalog& catalog_;
  const RadosParts& parts_;
  RadosOwnShards& shards_;
  RadosRouter& router_;
  RadosApplier& applier_;
};

}  // namespace cubby
