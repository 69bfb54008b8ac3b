#include "service/sweeper.hpp"

#include "core/limits.hpp"
#include "core/use_task.hpp"

namespace cubby {

Task<Result<std::uint64_t>> Sweeper::sweep_due() {
  const Instant now = whole_seconds(clock_.now());
  std::uint64_t rows = 0;
  while (!is_stopping_) {
    const auto swept = co_await engine_.sweep(now, limits::sweep_rows_max);
    if (!swept) co_return swept.error();
    rows += swept->rows;
    if (swept->is_done) break;
  }
  co_return rows;
}

Task<void> Sweeper::run(std::function<void(const Error&)> complain) {
  using namespace std::chrono_literals;
  pause_.emplace(co_await this_loop);
  while (!is_stopping_) {
    const auto swept = co_await sweep_due();
    if (!swept) complain(swept.error());
    if (is_stopping_) break;
    pause_->expires_after(swept ? 1s : 60s);
    // A cancelled wait is how `stop` ends it.
    co_await pause_->async_wait(use_task);
  }
  pause_.reset();  // it belongs to the loop, which may end before this
}

void Sweeper::stop() {
  is_stopping_ = true;
  if (pause_) pause_->cancel();
}

}  // namespace cubby
