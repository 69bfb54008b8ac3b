// How much is done in each namespace, over the last minute.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/limits.hpp"
#include "core/values.hpp"
#include "core/work.hpp"

namespace cubby {

// Methods may be called from any thread at any time.
class NamespaceCalls {
 public:
  static constexpr std::size_t steps_max = 6;          // of limits::activity_step: a minute
  static constexpr std::size_t namespaces_max = 1000;  // that are told apart on one thread within a step

  NamespaceCalls();
  ~NamespaceCalls();

  void note(Work work, const NamespaceId& namespace_id);

  // To be called every limits::activity_step.
  void end_step();

  // Over the steps of the last minute.
  CallRates rates(const NamespaceId& namespace_id) const;

 private:
  using Counts = std::unordered_map<NamespaceId, std::array<std::uint64_t, works_count>>;
  struct Shard;
  static constexpr std::size_t shards_count = 16;
  static std::size_t shard_of_thread();

  const std::unique_ptr<std::array<Shard, shards_count>> shards_;
  mutable std::mutex mutex_;
  std::deque<Counts> steps_;
};

}  // namespace cubby
