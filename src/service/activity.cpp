#include "service/activity.hpp"

#include <algorithm>
#include <bit>

namespace cubby {
namespace {

// Times fall into buckets that are a fifth wide at most: four to each doubling of a microsecond.
constexpr std::size_t buckets_count = 4 * 28;  // to more than two minutes

std::size_t bucket_of(std::chrono::steady_clock::duration time) {
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(count, 1));
  const auto octave = static_cast<std::size_t>(std::bit_width(micros) - 1);
  const auto quarter =
      static_cast<std::size_t>(octave >= 2 ? micros >> (octave - 2) & 3 : micros << (2 - octave) & 3);
  return std::min(4 * octave + quarter, buckets_count - 1);
}

// Where a bucket ends, in microseconds.
std::uint64_t end_of(std::size_t bucket) {
  return ((std::uint64_t{5} + bucket % 4) << (bucket / 4)) / 4;
}

using Buckets = std::array<std::uint64_t, buckets_count>;

// Under which time that share of the calls was answered; 0 if there were none.
std::uint64_t percentile(const Buckets& buckets, double share) {
  std::uint64_t all = 0;
  for (const auto each : buckets) all += each;
  if (all == 0) return 0;
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(all) * share));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    seen += buckets[i];
    if (seen >= wanted) return end_of(i);
  }
  return end_of(buckets.size() - 1);
}

}  // namespace

struct alignas(64) Activity::Shard {
  std::array<std::atomic<std::uint64_t>, works_count> calls{};
  std::array<std::atomic<std::uint64_t>, buckets_count> buckets{};
  std::mutex mutex;  // hardly ever waited for: one thread counts here, and a sample is taken now and then
  ByNamespace by_namespace;
  ByNamespace::pointer last = nullptr;  // in it: mostly a call is to the namespace of the one before
};

struct Activity::Counted {
  std::array<std::uint64_t, works_count> calls{};
  Buckets buckets{};
};

Activity::Activity()
    : shards_(std::make_unique<std::array<Shard, shards_count>>()), last_(std::make_unique<Counted>()) {}

Activity::~Activity() = default;

void Activity::note(Work work, const NamespaceId& namespace_id, std::chrono::steady_clock::duration time) {
  Shard& shard = (*shards_)[shard_of_thread()];
  const auto index = static_cast<std::size_t>(work);
  shard.calls[index].fetch_add(1, std::memory_order_relaxed);
  shard.buckets[bucket_of(time)].fetch_add(1, std::memory_order_relaxed);
  const std::scoped_lock lock(shard.mutex);
  if (!shard.last || shard.last->first != namespace_id) {
    // Callers may make up ids as they like.
    if (shard.by_namespace.size() >= namespaces_max && !shard.by_namespace.contains(namespace_id)) return;
    shard.last = &*shard.by_namespace.try_emplace(namespace_id).first;
  }
  ++shard.last->second[index];
}

Activity::Counted Activity::count_all() {
  Counted counted;
  for (const Shard& shard : *shards_) {
    for (std::size_t i = 0; i < works_count; ++i)
      counted.calls[i] += shard.calls[i].load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < buckets_count; ++i) {
      counted.buckets[i] += shard.buckets[i].load(std::memory_order_relaxed);
    }
  }
  return counted;
}

void Activity::take_sample(Instant now, ReadCounts reads, std::optional<Usage> stored) {
  const std::scoped_lock lock(mutex_);
  const Counted counted = count_all();
  ActivitySample sample{.at = now, .stored = stored};
  for (std::size_t i = 0; i < works_count; ++i) sample.calls[i] = counted.calls[i] - last_->calls[i];
  Buckets buckets = counted.buckets;
  for (std::size_t i = 0; i < buckets_count; ++i) buckets[i] -= last_->buckets[i];
  sample.median_micros = percentile(buckets, 0.5);
  sample.slowest_micros = percentile(buckets, 0.99);
  sample.reads = {reads.from_memory - last_reads_.from_memory, reads.from_disk - last_reads_.from_disk};
  *last_ = counted;
  last_reads_ = reads;
  samples_.push_back(sample);
  if (samples_.size() > samples_max) samples_.pop_front();

  ByNamespace by_namespace;
  for (Shard& shard : *shards_) {
    ByNamespace some;
    {
      const std::scoped_lock shard_lock(shard.mutex);
      some.swap(shard.by_namespace);
      shard.last = nullptr;
    }
    for (const auto& [id, calls] : some) {
      for (std::size_t i = 0; i < works_count; ++i) by_namespace[id][i] += calls[i];
    }
  }
  by_namespace_.push_back(std::move(by_namespace));
  if (by_namespace_.size() > samples_of_rates) by_namespace_.pop_front();
}

std::vector<ActivitySample> Activity::history() const {
  const std::scoped_lock lock(mutex_);
  return {samples_.begin(), samples_.end()};
}

CallRates Activity::rates(NamespaceId namespace_id) const {
  const std::scoped_lock lock(mutex_);
  CallRates rates{};
  if (by_namespace_.empty()) return rates;
  for (const auto& sample : by_namespace_) {
    const auto found = sample.find(namespace_id);
    if (found == sample.end()) continue;
    for (std::size_t i = 0; i < works_count; ++i) rates[i] += static_cast<double>(found->second[i]);
  }
  const auto seconds = static_cast<double>(by_namespace_.size()) * static_cast<double>(sample_time.count());
  for (double& each : rates) each /= seconds;
  return rates;
}

}  // namespace cubby
