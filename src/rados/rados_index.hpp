// The life of an index, from its making to its removal, and the care for it in between.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "rados/rados_balancer.hpp"
#include "rados/rados_router.hpp"
#include "rados/rados_upload.hpp"

namespace cubby {

// Thread-safe. What fails is left, and done the next time.
class RadosIndexes {
 public:
  RadosIndexes(RadosPool& index, RadosPool& data, RadosRouter& router, RadosBalancer& balancer,
               const RadosSharding& sharding, const Clock& clock)
      : index_(index),
        data_(data),
        router_(router),
        balancer_(balancer),
        sharding_(sharding),
        clock_(clock) {}

  // An empty one, of one shard, that nobody knows yet.
  Task<Result<void>> make(IndexId index);
  // Takes that back.
  Task<void> unmake(IndexId index);

  // From its answer on, nothing is written any more, or read. Cost: a read and a write for each shard.
  Task<Result<void>> fence(RadosPlace place);

  // Removes all of it, values too. Errors: storage_unavailable, also when it is not done at `until`: it goes
  // on with the next call. REQUIRES: nobody reads it any more.
  using Stopwatch = std::chrono::steady_clock;
  Task<Result<void>> erase(RadosPlace place, Stopwatch::time_point until);

  // Removes a shard's values that were overwritten or deleted an hour ago, as many as can be until then, and
  // finishes and begins its split or merge, if nobody cares for that. False: it is no more. Cost: two reads,
  // and what there is to do.
  Task<Result<bool>> tend(RadosPlace place, ShardId shard, Stopwatch::time_point until);
  // Ends splits that were begun an hour ago and have not got anywhere. Cost: a read.
  Task<Result<void>> end_old_splits(RadosPlace place);

  // `erase`, `tend` and `end_old_splits` end soon.
  void stop() { is_stopping_ = true; }

 private:
  struct Garbage;
  Task<Result<void>> remove_garbage(ShardId shard, Stopwatch::time_point until);
  Task<std::set<std::string>> remove_due(const RadosRows& rows, Garbage& garbage);
  Task<Result<void>> remove_bodies(RadosPlace place, ShardId shard);
  Task<Result<void>> erase_shard(RadosPlace place, ShardId shard);
  Task<Result<bool>> end_split(RadosPlace place, ShardId child, ShardId parent);
  Task<Result<void>> remove_row(std::string object, std::string row);
  Task<Result<void>> remove_rows(std::string object, std::set<std::string> rows);

  RadosPool& index_;
  RadosPool& data_;
  RadosRouter& router_;
  RadosBalancer& balancer_;
  const RadosSharding sharding_;
  const Clock& clock_;
  std::atomic<bool> is_stopping_ = false;
  std::mutex mutex_;  // guards what follows
  std::map<ShardId, std::string>
      go_on_at_;  // row of garbage behind those that could not be removed the last time
};

}  // namespace cubby
