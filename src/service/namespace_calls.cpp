#include "service/namespace_calls.hpp"

#include <atomic>

namespace cubby {

// Hardly ever waited for: mostly one thread counts on it.
struct alignas(64) NamespaceCalls::Shard {
  std::mutex mutex;
  Counts counts;
  Counts::pointer last = nullptr;  // in it: mostly a call is to the namespace of the one before
};

NamespaceCalls::NamespaceCalls() : shards_(std::make_unique<std::array<Shard, shards_count>>()) {}
NamespaceCalls::~NamespaceCalls() = default;

std::size_t NamespaceCalls::shard_of_thread() {
  static std::atomic<std::size_t> next = 0;
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % shards_count;
  return mine;
}

void NamespaceCalls::note(Work work, const NamespaceId& namespace_id) {
  Shard& shard = (*shards_)[shard_of_thread()];
  const std::scoped_lock lock(shard.mutex);
  if (!shard.last || shard.last->first != namespace_id) {
    // Callers may make up ids as they like.
    if (shard.counts.size() >= namespaces_max && !shard.counts.contains(namespace_id)) return;
    shard.last = &*shard.counts.try_emplace(namespace_id).first;
  }
  ++shard.last->second[static_cast<std::size_t>(work)];
}

void NamespaceCalls::end_step() {
  Counts step;
  for (Shard& shard : *shards_) {
    const std::scoped_lock lock(shard.mutex);
    for (const auto& [id, counts] : shard.counts) {
      for (std::size_t i = 0; i < works_count; ++i) step[id][i] += counts[i];
    }
    shard.counts.clear();
    shard.last = nullptr;
  }
  const std::scoped_lock lock(mutex_);
  steps_.push_back(std::move(step));
  if (steps_.size() > steps_max) steps_.pop_front();
}

CallRates NamespaceCalls::rates(const NamespaceId& namespace_id) const {
  const std::scoped_lock lock(mutex_);
  CallRates rates{};
  if (steps_.empty()) return rates;
  for (const Counts& step : steps_) {
    const auto found = step.find(namespace_id);
    if (found == step.end()) continue;
    for (std::size_t i = 0; i < works_count; ++i) rates[i] += static_cast<double>(found->second[i]);
  }
  const std::chrono::duration<double> time = limits::activity_step * steps_.size();
  for (double& each : rates) each /= time.count();
  return rates;
}

}  // namespace cubby
