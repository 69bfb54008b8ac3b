#include "rados/rados_balancer.hpp"

#include <algorithm>

#include "rados/rados_rows.hpp"

namespace cubby {
namespace {

using namespace std::chrono_literals;

// A split reads and writes half a shard; more of them at once would be felt by everybody.
constexpr std::size_t running_max = 2;

constexpr auto rate_window = 10s;
constexpr std::chrono::milliseconds merge_retry_max = 10s;

// What is remembered of so many shards; then it begins anew.
constexpr std::size_t shards_remembered = 10'000;

}  // namespace

RadosBalancer::~RadosBalancer() {
  resharder_.stop();
  work_.stop();
  stays_.reset();
  thread_.join();
}

void RadosBalancer::spawn_tracked(Task<void> task) {
  spawn(loop_, std::move(task), [this](std::exception_ptr failure) {
    work_.end();
    if (failure) std::rethrow_exception(failure);
  });
}

// ---- When

void RadosBalancer::take_note(RadosPlace place, ShardId shard, const ShardLoad& load) {
  const bool hot = is_hot(shard, load);
  if (hot || load.is_unfinished || load.keys > sharding_.split_keys || may_merge(shard, load))
    schedule(place, shard, hot);
}

bool RadosBalancer::is_hot(ShardId shard, const ShardLoad& load) {
  const auto now = Stopwatch::now();
  const std::scoped_lock lock(mutex_);
  if (rates_.size() > shards_remembered) rates_.clear();
  Rate& rate = rates_.try_emplace(shard, Rate{now, 0}).first->second;
  rate.written += load.written;
  if (now - rate.since < rate_window) return false;
  const bool is_fast = rate.written > sharding_.split_rate * 10 && now - rate.since < 2 * rate_window;
  rate = {now, 0};
  return is_fast && load.keys >= 2 * sharding_.split_rate_keys;
}

// A shard that stays small is not looked at again at once.
bool RadosBalancer::may_merge(ShardId shard, const ShardLoad& load) {
  if (!load.has_shrunk || load.is_alone || load.keys >= sharding_.merge_keys) return false;
  const auto now = Stopwatch::now();
  const std::scoped_lock lock(mutex_);
  if (tried_to_merge_.size() > shards_remembered) tried_to_merge_.clear();
  const auto [tried, is_first] = tried_to_merge_.try_emplace(shard, now);
  if (!is_first && now - tried->second < std::min(sharding_.merge_after, merge_retry_max)) return false;
  tried->second = now;
  return true;
}

void RadosBalancer::schedule(RadosPlace place, ShardId shard, bool is_hot) {
  {
    const std::scoped_lock lock(mutex_);
    if (!waits_.insert(shard).second) return;
    waiting_.push_back({place, shard, is_hot});
  }
  start_next();
}

void RadosBalancer::start_next() {
  std::optional<Visit> next;
  {
    const std::scoped_lock lock(mutex_);
    if (running_.size() == running_max) return;
    const auto found =
        std::ranges::find_if(waiting_, [this](const Visit& each) { return !running_.contains(each.shard); });
    if (found == waiting_.end() || !work_.begin()) return;
    next = *found;
    waiting_.erase(found);
    waits_.erase(next->shard);
    running_.insert(next->shard);
  }
  spawn_tracked(run(*next));
}

// What fails now is met again by a writer, or by the collector.
Task<void> RadosBalancer::run(Visit visit) {
  [[maybe_unused]] const auto done = co_await balance(visit);
  {
    const std::scoped_lock lock(mutex_);
    running_.erase(visit.shard);
  }
  start_next();
}

Task<Result<void>> RadosBalancer::finish(RadosPlace place, ShardId shard) {
  auto start = [this, place, shard](std::function<void(Result<void>)> resume) {
    bool is_first = false;
    {
      const std::scoped_lock lock(mutex_);
      auto& waiting = finishing_[shard];
      is_first = waiting.empty();
      waiting.push_back(std::move(resume));
    }
    if (!is_first) return;
    if (work_.begin())
      spawn_tracked(finish_for_all(place, shard));
    else
      tell(shard, fail(Errc::storage_unavailable, "the process ends"));
  };
  return resume_later<Result<void>>(std::move(start));
}

Task<void> RadosBalancer::finish_for_all(RadosPlace place, ShardId shard) {
  tell(shard, co_await resharder_.finish(place, shard));
}

void RadosBalancer::tell(ShardId shard, const Result<void>& finished) {
  std::vector<std::function<void(Result<void>)>> waiting;
  {
    const std::scoped_lock lock(mutex_);
    waiting = std::move(finishing_.extract(shard).mapped());
  }
  for (const auto& each : waiting) each(finished);
}

// ---- What

Task<Result<std::optional<RadosBalancer::Counted>>> RadosBalancer::count(ShardId shard) {
  CounterRows counters;
  const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) { counters.add_to(read); };
  auto found = co_await router_.read_shard(shard, prepare);
  if (!found) co_return found.error();
  if (!*found) co_return std::optional<Counted>();
  const auto sum = counters.sum();
  if (!sum) co_return sum.error();
  co_return Counted{std::move(**found), static_cast<std::uint64_t>(std::max<std::int64_t>(sum->keys, 0))};
}

// Until nothing is left to do with the shard and with what comes of it.
Task<Result<void>> RadosBalancer::balance(Visit visit) {
  std::vector<ShardId> shards{visit.shard};
  while (!shards.empty()) {
    const ShardId id = shards.back();
    if (const auto finished = co_await finish(visit.place, id); !finished) co_return finished;
    const auto counted = co_await count(id);
    if (!counted) co_return counted.error();
    const bool is_there = *counted && (*counted)->shard.header.state == ShardState::serving;
    if (!is_there) {
      shards.pop_back();
      continue;
    }
    const FoundShard& shard = (*counted)->shard;
    const std::uint64_t keys = (*counted)->keys;
    bool has_changed = false;
    if (keys > sharding_.split_keys || visit.is_hot) {
      visit.is_hot = false;
      if (const auto begun = co_await resharder_.begin_split(visit.place, shard, keys / 2); !begun)
        co_return begun;
      if (const auto finished = co_await finish(visit.place, id); !finished) co_return finished;
      const auto after = co_await router_.read_shard(id);
      if (!after) co_return after.error();
      has_changed = *after && (*after)->header.next != shard.header.next;
      if (has_changed) shards.push_back((*after)->header.next);
    } else {
      const auto merged = co_await merge_if_small(visit.place, **counted);
      if (!merged) co_return merged.error();
      has_changed = *merged;
    }
    if (!has_changed) shards.pop_back();
  }
  co_return Result<void>{};
}

// With the neighbour on the right, or else with the one on the left. True: that was done.
Task<Result<bool>> RadosBalancer::merge_if_small(RadosPlace place, const Counted& shard) {
  if (shard.keys >= sharding_.merge_keys) co_return false;
  const ShardHeader& header = shard.shard.header;
  if (header.next != ShardId{}) {
    const auto right = co_await count(header.next);
    if (!right) co_return right.error();
    if (*right) {
      const auto merged = co_await merge_pair(place, shard, **right);
      if (!merged || *merged) co_return merged;
    }
  }
  if (header.low.empty()) co_return false;
  const auto entry = co_await router_.map_entry(place.index, header.low);
  if (!entry) co_return entry.error();
  if (!*entry) co_return false;
  const auto left = co_await count((*entry)->shard);
  if (!left) co_return left.error();
  if (!*left || (*left)->shard.header.next != shard.shard.id) co_return false;
  co_return co_await merge_pair(place, **left, shard);
}

Task<Result<bool>> RadosBalancer::merge_pair(RadosPlace place, const Counted& left, const Counted& right) {
  const Timestamp old_enough = clock_.now() - sharding_.merge_after;
  for (const Counted* const each : {&left, &right}) {
    const ShardHeader& header = each->shard.header;
    if (header.state != ShardState::serving || header.changed_at > old_enough) co_return false;
  }
  if (left.keys + right.keys >= sharding_.merge_keys) co_return false;
  if (const auto begun = co_await resharder_.begin_merge(place, left.shard, right.shard); !begun)
    co_return begun.error();
  if (const auto finished = co_await finish(place, left.shard.id); !finished) co_return finished.error();
  const auto gone = co_await router_.read_shard(right.shard.id);
  if (!gone) co_return gone.error();
  co_return !gone->has_value();
}

}  // namespace cubby
