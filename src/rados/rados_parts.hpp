// Who does which part of a store's upkeep.
//
// Upkeep is what no client asks for: expired and overwritten values are removed, splits and merges that
// nobody cares for are finished. It is in 16 parts, so that all servers of a store can share it: a shard, or
// whatever else has a random id, belongs to the part of its id. A part is under a lease, which ends by itself
// some seconds after it was last renewed. The lease saves work, no more: where two servers both think that
// they have a part, what they do to the same shard is guarded like every write.
#pragma once

#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <latch>
#include <mutex>
#include <string>
#include <thread>

#include "rados/rados_pool.hpp"

namespace cubby {

// Thread-safe.
class RadosParts {
 public:
  static constexpr std::size_t count = 16;
  using Set = std::bitset<count>;
  using Clock = std::chrono::steady_clock;
  using Now = std::function<Clock::time_point()>;

  // Renews in the background, from now on. Other servers are those that watch the catalog.
  RadosParts(RadosPool& index, const RadosUpkeep& upkeep, Now now = Clock::now);
  ~RadosParts();  // gives all parts back; blocks

  // In which part a shard or an index is.
  template <class Id>
  static std::size_t part_of(Id id) {
    return static_cast<std::uint64_t>(id) % count;
  }

  // Whether this process has a part, and which it has, from memory: one that was not renewed in time is not
  // believed.
  bool has(std::size_t part) const { return now_().time_since_epoch().count() < ends_[part]; }
  template <class Id>
  bool has_part_of(Id id) const {
    return has(part_of(id));
  }
  Set held() const;

  // How the last round ended.
  Result<void> last_round() const;

  // Whether the first round has been made, well or not.
  bool has_begun() const { return begun_.try_wait(); }
  void wait_until_begun() const { begun_.wait(); }  // blocks

  // One round: renews what this process has, gives back what is more than a fair share, and takes what is
  // free up to that. Blocks. Errors: storage_unavailable, storage_failed; what was held is then believed
  // until its time is over.
  Result<void> renew();

 private:
  struct Round {
    Set kept;
    Set taken;
    Set given_back;
  };

  void run(const std::stop_token& stop);
  Result<std::size_t> fair_share();
  Result<Round> plan();
  int carry_out(const Round& round);

  RadosPool& index_;
  const RadosUpkeep upkeep_;
  const Now now_;
  const std::string cookie_;  // tells this process's leases from others'

  std::array<std::atomic<Clock::rep>, count> ends_{};  // when a lease is not believed any more
  std::mutex renewing_;
  mutable std::mutex last_round_mutex_;
  Result<void> last_round_;
  std::latch begun_{1};
  std::mutex wait_mutex_;
  std::condition_variable_any wait_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace cubby
