// Backups of the server that runs: when they are asked for, and by the clock.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>

#include "core/clock.hpp"
#include "store/engine.hpp"

namespace cubby {

// The sentence for the operator. REQUIRES: it has `not_pruned`.
std::string not_pruned_text(const BackupInfo& made);

struct BackupSettings {
  std::optional<std::filesystem::path> folder;  // nothing: no backups
  std::chrono::seconds every{};                 // 0: only when asked for
  std::size_t keep = 0;                         // the newest so many; 0: all
};

// `make` and `list` may be called from any loop at any time.
class Backups {
 public:
  Backups(Engine& engine, const Clock& clock, BackupSettings settings)
      : engine_(engine), clock_(clock), settings_(std::move(settings)) {}

  bool is_on() const { return settings_.folder.has_value(); }

  // Answers when the backup is finished. REQUIRES: is_on(). Errors: those of the engine.
  Task<Result<BackupInfo>> make() { return engine_.back_up(*settings_.folder, settings_.keep); }
  Task<Result<std::vector<BackupInfo>>> list() { return engine_.backups(*settings_.folder); }

  // Makes one whenever the newest is old enough, until `stop`; `complain` is given a sentence for each error.
  // On one loop.
  Task<void> run(std::function<void(const std::string&)> complain);
  // Also ends what is being made.
  void stop();

 private:
  Task<std::chrono::seconds> until_due();

  Engine& engine_;
  const Clock& clock_;
  const BackupSettings settings_;
  std::optional<boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>>
      pause_;
  bool is_stopping_ = false;
};

}  // namespace cubby
