// How long a test of the disk runs. By itself it does a short round, the same every time; the environment
// asks for more:
//   CUBBY_SEED=N              begins with this seed (1)
//   CUBBY_COUNT=N             so many rounds
//   CUBBY_TORTURE_SECONDS=N   rounds for so long, if N is not 0; what ./dev torture sets
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace cubby::disk {

class RunLength {
 public:
  explicit RunLength(std::uint64_t short_count)
      : count_(number("CUBBY_COUNT").value_or(short_count)),
        seconds_(number("CUBBY_TORTURE_SECONDS").value_or(0)) {}

  bool is_long() const { return seconds_ > 0 || number("CUBBY_COUNT"); }
  std::uint64_t seed() const { return number("CUBBY_SEED").value_or(1); }
  bool goes_on(std::uint64_t done) const {
    if (seconds_ == 0) return done < count_;
    return std::chrono::steady_clock::now() - begin_ < std::chrono::seconds(seconds_);
  }

 private:
  static std::optional<std::uint64_t> number(const char* name) {
    const char* const text = std::getenv(name);
    if (!text || !*text) return std::nullopt;
    return std::strtoull(text, nullptr, 10);
  }

  const std::uint64_t count_;
  const std::uint64_t seconds_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace cubby::disk
