// Group commit on RADOS: one queue a shard, and one write in flight of it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/clock.hpp"
#include "rados/rados_balancer.hpp"
#include "rados/rados_batch.hpp"
#include "store/background_work.hpp"

namespace cubby {

// The argument of storage_unavailable where a write may have happened, or may still.
inline constexpr const char* unknown_outcome =
    "the cluster does not answer; it is unknown whether the write has happened";

// Thread-safe.
class RadosWriter {
 public:
  RadosWriter(RadosPool& index, RadosPool& data, RadosBalancer& balancer, RadosBodyIds& ids,
              const Clock& clock, Version last_version);
  ~RadosWriter();  // waits for what was pushed

  // Tells `change->done` how it ended, on a thread of its own. A shard that is no more gives `moved`. Errors:
  // namespace_not_found, if the index is being removed; storage_unavailable, also when the outcome is
  // unknown: then uploads are kept. What waits for a write that the cluster does not answer is refused with
  // it, or each in turn would find that out anew.
  void push(std::shared_ptr<ShardChange> change);

  // Removes the objects of a value that nobody names; what fails is left to the collector of orphans.
  void discard(RadosBody body);

  // A version that is larger than all that this process has given out or seen, and is given out now.
  Version next(Timestamp written_at);

  Version last_version() const;

 private:
  using Group = std::vector<std::shared_ptr<ShardChange>>;
  enum class Outcome {
    done,
    lost,       // another process was faster
    timed_out,  // without an answer, and it never will happen
  };

  Group take(ShardId shard);
  Task<void> run(ShardId shard);
  Task<Result<void>> commit(Group group);
  void refuse_waiting(ShardId shard);
  Task<Result<Outcome>> try_commit(const Group& group, std::vector<Written>& fits);
  void give_version(ShardChange& change, Version last);
  void tell_balancer(const Group& group, const RadosBatch& batch);
  Task<Result<Outcome>> resolve(const RadosBatch& batch);
  Task<void> remove_pieces(RadosBody body);
  void spawn_tracked(Task<void> task);

  RadosPool& index_;
  RadosPool& data_;
  RadosBalancer& balancer_;
  RadosBodyIds& ids_;
  const Clock& clock_;
  const WriterId id_{random_number()};

  mutable std::mutex version_mutex_;
  Version last_version_;

  std::mutex mutex_;
  std::map<ShardId, std::deque<std::shared_ptr<ShardChange>>> waiting_;  // of the shards that are running

  BackgroundWork work_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stays_{loop_.get_executor()};
  std::thread thread_{[this] { loop_.run(); }};  // last: it uses all of the above
};

}  // namespace cubby
