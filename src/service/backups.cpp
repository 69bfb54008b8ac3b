#include "service/backups.hpp"

#include <algorithm>

#include "core/use_task.hpp"

namespace cubby {

std::string not_pruned_text(const BackupInfo& made) {
  return "backup " + std::to_string(made.id) +
         " was made, but older ones were not cleared away: " + made.not_pruned->argument;
}

Task<std::chrono::seconds> Backups::until_due() {
  const auto known = co_await list();
  if (!known || known->empty()) co_return std::chrono::seconds(0);
  const auto age = whole_seconds(clock_.now()) - known->back().made_at;
  co_return std::clamp(settings_.every - age, std::chrono::seconds(0), settings_.every);
}

Task<void> Backups::run(std::function<void(const std::string&)> complain) {
  using namespace std::chrono_literals;
  if (!is_on() || settings_.every == 0s) co_return;
  pause_.emplace(co_await this_loop);
  auto wait = co_await until_due();
  while (!is_stopping_) {
    pause_->expires_after(wait);
    // A cancelled wait is how `stop` ends it.
    co_await pause_->async_wait(use_task);
    if (is_stopping_) break;
    const auto made = co_await make();
    if (!made) complain("the backup was not made: " + made.error().argument);
    if (made && made->not_pruned) complain(not_pruned_text(*made));
    wait = made ? settings_.every : std::min(settings_.every, std::chrono::seconds(600s));
  }
}

void Backups::stop() {
  is_stopping_ = true;
  engine_.stop_backups();
  if (pause_) pause_->cancel();
}

}  // namespace cubby
