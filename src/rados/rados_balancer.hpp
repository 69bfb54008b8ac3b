// Decides when shards split and merge, and does it in the background; also finishes, for whoever has to wait
// for that, what others have begun.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "core/clock.hpp"
#include "rados/rados_resharder.hpp"
#include "store/background_work.hpp"

namespace cubby {

// What a write has found out about its shard.
struct ShardLoad {
  std::uint64_t keys = 0;     // that it now holds
  std::uint64_t written = 0;  // by this write
  bool has_shrunk = false;
  bool is_alone = false;       // it is all of its index
  bool is_unfinished = false;  // by whoever has begun to split or merge it
};

// Thread-safe.
class RadosBalancer {
 public:
  RadosBalancer(RadosPool& pool, RadosRouter& router, const RadosSharding& sharding, const Clock& clock)
      : router_(router), sharding_(sharding), clock_(clock), resharder_(pool, router, sharding, clock) {}
  ~RadosBalancer();  // leaves splits and merges as they are

  // Never waits.
  void take_note(RadosPlace place, ShardId shard, const ShardLoad& load);

  // Looks at a shard that nobody may be writing to, in the background.
  void visit(RadosPlace place, ShardId shard) { schedule(place, shard, false); }

  // See RadosResharder::finish. Who asks while that is under way waits for its end.
  Task<Result<void>> finish(RadosPlace place, ShardId shard);

  RadosResharder& resharder() { return resharder_; }

 private:
  using Stopwatch = std::chrono::steady_clock;
  struct Visit {
    RadosPlace place;
    ShardId shard{};
    bool is_hot = false;
  };
  struct Rate {
    Stopwatch::time_point since;
    std::uint64_t written = 0;
  };
  struct Counted {
    FoundShard shard;
    std::uint64_t keys = 0;
  };

  bool is_hot(ShardId shard, const ShardLoad& load);
  bool may_merge(ShardId shard, const ShardLoad& load);
  void schedule(RadosPlace place, ShardId shard, bool is_hot);
  void start_next();
  void spawn_tracked(Task<void> task);
  Task<void> run(Visit visit);
  Task<void> finish_for_all(RadosPlace place, ShardId shard);
  void tell(ShardId shard, const Result<void>& finished);  // all who wait
  Task<Result<void>> balance(Visit visit);
  Task<Result<bool>> merge_if_small(RadosPlace place, const Counted& shard);
  Task<Result<bool>> merge_pair(RadosPlace place, const Counted& left, const Counted& right);
  Task<Result<std::optional<Counted>>> count(ShardId shard);

  RadosRouter& router_;
  const RadosSharding sharding_;
  const Clock& clock_;
  RadosResharder resharder_;

  std::mutex mutex_;
  std::map<ShardId, Rate> rates_;
  std::map<ShardId, Stopwatch::time_point> tried_to_merge_;
  std::deque<Visit> waiting_;  // at most one of each shard, which is in `waits_`
  std::set<ShardId> waits_;
  // What is noted of a shard meanwhile may come too late for its visit: then another one waits.
  std::set<ShardId> running_;
  std::map<ShardId, std::vector<std::function<void(Result<void>)>>> finishing_;

  BackgroundWork work_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stays_{loop_.get_executor()};
  std::thread thread_{[this] { loop_.run(); }};  // last: it uses all of the above
};

}  // namespace cubby
