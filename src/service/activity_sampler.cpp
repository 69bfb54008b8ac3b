#include "service/activity_sampler.hpp"

#include "core/use_task.hpp"

namespace cubby {
namespace {

constexpr unsigned samples_between_usage = 12;

}  // namespace

// Nothing if the engine does not answer: a gap in a chart is better than a wrong figure.
Task<std::optional<Usage>> ActivitySampler::stored(Instant now) {
  const auto accounts = co_await engine_.accounts();
  if (!accounts) co_return std::nullopt;
  Usage sum;
  for (const Account& account : *accounts) {
    const auto namespaces = co_await engine_.namespaces(account.id);
    if (!namespaces) co_return std::nullopt;
    for (const Namespace& each : *namespaces) {
      const auto usage = co_await engine_.usage(each.id, now);
      if (!usage) co_return std::nullopt;
      sum.keys += usage->keys;
      sum.bytes += usage->bytes;
    }
  }
  co_return sum;
}

Task<void> ActivitySampler::sample() {
  const Instant now = whole_seconds(clock_.now());
  std::optional<Usage> usage;
  if (samples_++ % samples_between_usage == 0) usage = co_await stored(now);
  activity_.take_sample(now, engine_.read_counts(), usage);
}

Task<void> ActivitySampler::run() {
  pause_.emplace(co_await this_loop);
  while (!is_stopping_) {
    co_await sample();
    if (is_stopping_) break;
    pause_->expires_after(Activity::sample_time);
    // A cancelled wait is how `stop` ends it.
    co_await pause_->async_wait(use_task);
  }
}

void ActivitySampler::stop() {
  is_stopping_ = true;
  if (pause_) pause_->cancel();
}

}  // namespace cubby
