// Credentials that were refused: their answers are slowed and the log tells of them, by where they come from.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "core/address.hpp"
#include "core/clock.hpp"
#include "service/access.hpp"

namespace cubby {

// Counts refusals by address, of IPv6 by the network of 64 bits, of which a caller mostly has a whole one.
// Thread-safe. Bounded: of limits::failed_attempt_sources_max sources the longest quiet one is forgotten.
class FailedAttempts {
 public:
  struct Attempt {
    std::chrono::milliseconds delay{};  // of its answer; 5 s at most
    std::uint64_t count = 0;            // with those before it, since its source was last quiet
  };

  // The first ten of a source are answered at once, and later ones at one a second.
  Attempt note(const std::optional<Address>& from, Timestamp now);

  std::size_t sources() const;

 private:
  struct Source {
    std::chrono::milliseconds debt{};  // a second for each attempt, which time pays off
    Timestamp updated{};
    std::uint64_t count = 0;
  };

  void make_room();

  mutable std::mutex mutex_;
  std::map<Address, Source> sources_;
};

// Lets refusals wait, on the loop and without a thread. Only they do: nothing here knows who is let in.
class SlowedRefusals final : public RefusalWatch {
 public:
  explicit SlowedRefusals(const Clock& clock) : clock_(clock) {}

  Task<void> on_refused(std::optional<Address> from, std::string why) override;

 private:
  const Clock& clock_;
  FailedAttempts attempts_;
};

}  // namespace cubby
