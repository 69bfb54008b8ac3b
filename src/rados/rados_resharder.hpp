// Splits and merges of shards: in steps, each a write that is refused unless the shard's header is as it was
// read, so that any number of processes may take the same step and one does; a process that dies, or wakes up
// late, does no harm. Whoever meets a shard on its way finishes that (`finish`).
//
//   split of P into P and C:
//     create C ─► freeze P ─► copy ─► activate C ─► switch P ─► map ─► trim P ─► serve
//   merge of R into L:
//     freeze L, then R ─► copy ─► switch L ─► map ─► remove R ─► serve
//
// The switch of P (or L) is the moment from which on the keys are elsewhere; before it, P (and R) answer.
// Keys that move take no writes from the freeze until then, or until R is gone.
#pragma once

#include <atomic>
#include <cerrno>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "rados/rados_engine.hpp"
#include "rados/rados_reader.hpp"
#include "rados/rados_router.hpp"

namespace cubby {

// Thread-safe. Errors of each: storage_unavailable, storage_failed; what was begun then stays as it is, until
// it is finished.
class RadosResharder {
 public:
  RadosResharder(RadosPool& pool, RadosRouter& router, const RadosSharding& sharding, const Clock& clock)
      : pool_(pool), router_(router), sharding_(sharding), clock_(clock) {}

  // Freezes `parent` to be split behind its key number `left_keys`, unless it has changed since it was read.
  Task<Result<void>> begin_split(RadosPlace place, FoundShard parent, std::uint64_t left_keys);
  // Freezes `left` to take in `right`, its neighbour, unless it has changed since it was read.
  Task<Result<void>> begin_merge(RadosPlace place, FoundShard left, FoundShard right);

  // Returns when no split or merge of this shard is under way, or it is no more.
  Task<Result<void>> finish(RadosPlace place, ShardId shard);

  // Writes the header, with a nonce of its own, and what else is in `write`, which begins with `guard`.
  // False: the shard has changed since it was read.
  Task<Result<bool>> replace(const FoundShard& shard, ShardHeader header,
                             librados::ObjectWriteOperation& write);
  static void guard(librados::ObjectWriteOperation& write, const FoundShard& shard);

  // Every step from now on is refused.
  void stop() { is_stopping_ = true; }

 private:
  static bool has_lost(int code) { return code == -ECANCELED || code == -ENOENT; }
  Result<void> may(RadosStep step) const;
  Task<Result<std::string>> last_key_of(ShardId shard, std::uint64_t keys);  // the key with that number
  Task<Result<bool>> is_on_map(RadosPlace place, const FoundShard& shard);

  Task<Result<void>> create_child(RadosPlace place, const FoundShard& parent, ShardId child,
                                  std::string middle);
  Task<Result<void>> abandon_child(RadosPlace place, ShardId child);
  Task<Result<void>> go_on_splitting(RadosPlace place, const FoundShard& parent);
  Task<Result<bool>> copy_to_child(RadosPlace place, const FoundShard& parent, const FoundShard& child);
  Task<Result<void>> switch_over(const FoundShard& parent);
  Task<Result<bool>> map_split(RadosPlace place, const FoundShard& parent);
  Task<Result<void>> trim(RadosPlace place, const FoundShard& shard);

  Task<Result<void>> go_on_merging(RadosPlace place, const FoundShard& left);
  Task<Result<void>> give_up_merging(const FoundShard& left);
  Task<Result<bool>> take_in(RadosPlace place, const FoundShard& left, const FoundShard& right,
                             std::string_view kind);
  Task<Result<bool>> freeze_right(RadosPlace place, const FoundShard& left, const FoundShard& right);
  Task<Result<void>> take_over(const FoundShard& left);
  Task<Result<void>> end_merging(RadosPlace place, const FoundShard& left);
  Task<Result<bool>> map_merged(RadosPlace place, const FoundShard& left);
  Task<Result<std::optional<ShardId>>> leave(const FoundShard& right);

  RadosPool& pool_;
  RadosRouter& router_;
  const RadosSharding sharding_;
  const Clock& clock_;
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace cubby
