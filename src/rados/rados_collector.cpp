#include "rados/rados_collector.hpp"

#include <cerrno>

namespace cubby {
namespace {

using namespace rados_layout;

constexpr const char* lease_object = "leases";
constexpr std::chrono::seconds collect_every{60};

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

RadosLease::RadosLease(RadosPool& pool, std::string name)
    : pool_(pool), name_(std::move(name)), cookie_(std::to_string(random_number())) {}

RadosLease::~RadosLease() {
  if (is_taken_) pool_.blocking().unlock(lease_object, name_, cookie_);
}

Result<bool> RadosLease::take() {
  timeval lasts{.tv_sec = 15, .tv_usec = 0};
  const int code =
      pool_.blocking().lock_exclusive(lease_object, name_, cookie_, "", &lasts, LIBRADOS_LOCK_FLAG_MAY_RENEW);
  if (code < 0 && code != -EBUSY) return rados_error(code, "a lease was not taken");
  is_taken_ = code == 0;
  return is_taken_;
}

void RadosCollector::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    collect(stop);
    wait_.wait_for(lock, stop, collect_every, [] { return false; });
  }
}

// What fails now is there the next time.
void RadosCollector::collect(const std::stop_token& stop) {
  ids_.keep_alive();
  const auto catalog = catalog_.newest_blocking();
  if (!catalog) return;
  const auto is_ours = [&] {
    const auto taken = lease_.take();
    return taken && *taken && !stop.stop_requested();
  };
  for (const auto& [id, index] : (*catalog)->indexes) {
    if (!is_ours()) return;
    [[maybe_unused]] const auto tended = wait_for(indexes_.tend({id, index}));
  }
  for (const auto& removal : (*catalog)->removals) {
    if (removal.entry.due > clock_.now()) continue;
    if (!is_ours()) return;
    if (!wait_for(indexes_.erase({removal.entry.namespace_id, removal.index}))) continue;
    const auto forget = [&](const RadosCatalog::Copy&) -> Result<RadosCatalog::Rows> {
      return RadosCatalog::Rows{{}, {removal_row(removal.index)}};
    };
    [[maybe_unused]] const auto forgotten = catalog_.apply_blocking(forget);
  }
  [[maybe_unused]] const auto collected = wait_for(orphans_.collect(is_ours));
}

}  // namespace cubby
