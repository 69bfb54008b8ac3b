// What the server is doing: calls are counted as they happen, and an hour of it is remembered.
#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/activity.hpp"
#include "core/sharded_counter.hpp"
#include "store/engine.hpp"

namespace cubby {

// Methods may be called from any thread at any time.
class Activity {
 public:
  static constexpr std::chrono::seconds sample_time{5};
  static constexpr std::size_t samples_max = 720;      // an hour of them
  static constexpr std::size_t samples_of_rates = 12;  // a minute of them

  static constexpr std::size_t namespaces_max = 1000;  // whose calls a thread tells apart within a sample

  Activity();
  ~Activity();

  // Counts a call of a key, a list or a bulk from here to the end of its scope, which is when its answer is
  // ready: the value of a write has arrived by then, that of a read may still be on its way out.
  class [[nodiscard]] Call {
   public:
    Call(Activity* activity, Work work, const NamespaceId& namespace_id)
        : activity_(activity), work_(work), namespace_id_(namespace_id), begin_(Clock::now()) {}
    ~Call() {
      if (activity_) activity_->note(work_, namespace_id_, Clock::now() - begin_);
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    using Clock = std::chrono::steady_clock;
    Activity* activity_;
    Work work_;
    NamespaceId namespace_id_;
    Clock::time_point begin_;
  };

  void note(Work work, const NamespaceId& namespace_id, std::chrono::steady_clock::duration time);

  // Ends a sample: what has been counted since the last one. To be called every `sample_time`.
  void take_sample(Instant now, ReadCounts reads, std::optional<Usage> stored);

  // The oldest first.
  std::vector<ActivitySample> history() const;

  // Of one namespace, over the last minute. A bulk call counts once.
  CallRates rates(NamespaceId namespace_id) const;

 private:
  struct Shard;
  struct Counted;
  using ByNamespace = std::unordered_map<NamespaceId, std::array<std::uint64_t, works_count>>;

  Counted count_all();

  const std::unique_ptr<std::array<Shard, shards_count>> shards_;
  mutable std::mutex mutex_;  // of all below
  std::unique_ptr<Counted> last_;
  ReadCounts last_reads_;
  std::deque<ActivitySample> samples_;
  std::deque<ByNamespace> by_namespace_;
};

}  // namespace cubby
