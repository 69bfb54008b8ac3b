// What is measured while it happens: each written by one thread and read by any, so that counting costs no
// locked instruction and no line of memory that another thread writes.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cubby {

// Written by one thread.
class Counter {
 public:
  void add(std::uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// How long things took, in classes whose ends are powers of two: class i is below 2^i microseconds, and the
// last one has no end.
struct Durations {
  static constexpr std::size_t classes = 28;  // the last but one ends at 67 s

  std::array<std::uint64_t, classes> counts{};
  std::uint64_t microseconds = 0;  // together

  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto count : counts) sum += count;
    return sum;
  }

  void add(const Durations& other) {
    for (std::size_t i = 0; i < classes; ++i) counts[i] += other.counts[i];
    microseconds += other.microseconds;
  }

  // What came after `earlier`, which is an older reading of the same.
  Durations since(const Durations& earlier) const {
    Durations later = *this;
    for (std::size_t i = 0; i < classes; ++i) later.counts[i] -= earlier.counts[i];
    later.microseconds -= earlier.microseconds;
    return later;
  }

  // Below how many microseconds the share `quantile` of them was, as if each class were evenly filled; 0 of
  // none.
  double quantile(double quantile) const {
    const double rank = quantile * static_cast<double>(total());
    double seen = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      const auto count = static_cast<double>(counts[i]);
      if (count > 0 && seen + count >= rank) {
        const double end = static_cast<double>(std::uint64_t{1} << i);
        const double begin = i == 0 ? 0 : end / 2;
        return begin + (end - begin) * (rank - seen) / count;
      }
      seen += count;
    }
    return 0;
  }
};

// Written by one thread.
class DurationCounter {
 public:
  void add(std::chrono::steady_clock::duration took) {
    const auto count = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
    counts_[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(microseconds)),
                                  Durations::classes - 1)]
        .add();
    microseconds_.add(microseconds);
  }

  void add_to(Durations& sum) const {
    for (std::size_t i = 0; i < Durations::classes; ++i) sum.counts[i] += counts_[i].value();
    sum.microseconds += microseconds_.value();
  }

 private:
  std::array<Counter, Durations::classes> counts_;
  Counter microseconds_;
};

// Added to by many threads, each in a line of memory of its own as long as they are not more than the lines.
class SharedCounter {
 public:
  void add(std::uint64_t count = 1) {
    lines_[line_of_this_thread()].value.fetch_add(count, std::memory_order_relaxed);
  }
  std::uint64_t value() const {
    std::uint64_t sum = 0;
    for (const Line& line : lines_) sum += line.value.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  static constexpr std::size_t lines_count = 64;

  struct alignas(64) Line {
    std::atomic<std::uint64_t> value = 0;
  };

  static std::size_t line_of_this_thread() {
    static std::atomic<std::size_t> threads = 0;
    thread_local const std::size_t line = threads++ % lines_count;
    return line;
  }

  std::array<Line, lines_count> lines_;
};

}  // namespace cubby
