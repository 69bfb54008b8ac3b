#include "rados/rados_collector.hpp"

#include "rados/rados_gather.hpp"

namespace cubby {
namespace {

using namespace rados_layout;

constexpr std::chrono::seconds collect_every{60};

// Nobody waits for it.
constexpr std::size_t shards_at_once = 4;

constexpr std::size_t part_of_orphans = 0;

// A namespace that takes longer goes on in the next round: the shards that are in use must not wait for it.
constexpr std::chrono::minutes erases_for{1};
// The same of a shard with more garbage.
constexpr std::chrono::seconds tends_for{10};

// Runs a task on this thread, which waits for it.
Result<void> wait_for(Task<Result<void>> task) {
  boost::asio::io_context loop;
  Result<void> result;
  const auto keep = [](Task<Result<void>> inner, Result<void>& kept) -> Task<void> {
    kept = co_await std::move(inner);
  };
  spawn(loop, keep(std::move(task), result), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  loop.run();
  return result;
}

}  // namespace

// What fails now is there the next time.
void RadosCollector::run(const std::stop_token& stop) {
  parts_.wait_until_begun();
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    ids_.keep_alive();
    if (const auto catalog = catalog_.newest_blocking()) {
      [[maybe_unused]] const auto collected = wait_for(collect(*catalog));
    }
    wait_.wait_for(lock, stop, collect_every, [] { return false; });
  }
}

Task<Result<void>> RadosCollector::collect(RadosCatalog::Shared catalog) {
  [[maybe_unused]] const auto tended = co_await tend(catalog);
  for (const auto& [id, index] : catalog->indexes) {
    if (!parts_.has_part_of(index)) continue;
    [[maybe_unused]] const auto ended = co_await indexes_.end_old_splits({id, index});
  }
  for (const auto& removal : catalog->removals) {
    if (removal.entry.due > clock_.now() || !parts_.has_part_of(removal.index)) continue;
    [[maybe_unused]] const auto erased = co_await erase(removal);
  }
  const auto is_ours = [this] { return parts_.has(part_of_orphans); };
  if (is_ours()) co_return co_await orphans_.collect(is_ours);
  co_return Result<void>{};
}

Task<Result<void>> RadosCollector::tend(RadosCatalog::Shared catalog) {
  const auto shards = co_await shards_.list(std::move(catalog));
  if (!shards) co_return shards.error();
  std::size_t next = 0;
  std::vector<Task<Result<void>>> all;
  for (std::size_t i = 0; i < shards_at_once; ++i) all.push_back(tend_some(*shards, next));
  [[maybe_unused]] const auto tended = co_await gather(std::move(all), shards_at_once);
  co_return Result<void>{};
}

// One after the other, of those that nobody else has begun.
Task<Result<void>> RadosCollector::tend_some(const RadosOwnShards::List& shards, std::size_t& next) {
  while (next < shards.size()) {
    const OwnShard& each = *shards[next++];
    if (!parts_.has_part_of(each.shard)) continue;
    const auto is_there =
        co_await indexes_.tend(each.place, each.shard, RadosIndexes::Stopwatch::now() + tends_for);
    if (is_there && !*is_there) shards_.forget(each.place.index);
  }
  co_return Result<void>{};
}

Task<Result<void>> RadosCollector::erase(RadosCatalog::Removal removal) {
  const auto erased = co_await indexes_.erase({removal.entry.namespace_id, removal.index},
                                              RadosIndexes::Stopwatch::now() + erases_for);
  if (!erased) co_return erased;
  auto forget = [index = removal.index](const RadosCatalog::Copy&) -> Result<RadosCatalog::Rows> {
    return RadosCatalog::Rows{{}, {removal_row(index)}};
  };
  co_return co_await catalog_.apply(std::move(forget));
}

}  // namespace cubby
