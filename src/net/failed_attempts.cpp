#include "net/failed_attempts.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>

#include "core/limits.hpp"
#include "core/use_task.hpp"

namespace cubby {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds cost{1000};
constexpr milliseconds at_once = 10 * cost;
constexpr milliseconds delay_max{5000};

// Who comes by a unix socket has no address; all of them are one source.
Address source_of(const std::optional<Address>& from) {
  if (!from) return Address(Address::Bytes{});
  if (from->is_v4()) return *from;
  Address::Bytes network = from->bytes();
  std::fill(network.begin() + 8, network.end(), std::uint8_t{0});
  return Address(network);
}

// The first one, and then ever fewer: whoever tries must not fill the log.
bool is_told(std::uint64_t count) {
  while (count % 10 == 0) count /= 10;
  return count == 1;
}

}  // namespace

FailedAttempts::Attempt FailedAttempts::note(const std::optional<Address>& from, Timestamp now) {
  const Address source = source_of(from);
  const std::scoped_lock lock(mutex_);
  if (sources_.size() >= limits::failed_attempt_sources_max && !sources_.contains(source)) make_room();
  Source& known = sources_.try_emplace(source, Source{.updated = now}).first->second;
  // A clock that was set back pays nothing off.
  const auto passed =
      std::max(std::chrono::duration_cast<milliseconds>(now - known.updated), milliseconds(0));
  known.debt = std::max(known.debt - passed, milliseconds(0));
  if (known.debt == milliseconds(0)) known.count = 0;
  known.debt = std::min(known.debt + cost, at_once + delay_max);
  known.updated = now;
  return {std::max(known.debt - at_once, milliseconds(0)), ++known.count};
}

void FailedAttempts::make_room() {
  sources_.erase(
      std::ranges::min_element(sources_, {}, [](const auto& each) { return each.second.updated; }));
}

std::size_t FailedAttempts::sources() const {
  const std::scoped_lock lock(mutex_);
  return sources_.size();
}

Task<void> SlowedRefusals::on_refused(std::optional<Address> from, std::string why) {
  const auto attempt = attempts_.note(from, clock_.now());
  if (is_told(attempt.count)) {
    spdlog::warn("credentials refused: {}; from {}, {} in a row", why, from ? from->text() : "a unix socket",
                 attempt.count);
  }
  if (attempt.delay == milliseconds(0)) co_return;
  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;
  Timer timer((co_await this_loop).get_executor(), attempt.delay);
  co_await timer.async_wait(use_task);
}

}  // namespace cubby
