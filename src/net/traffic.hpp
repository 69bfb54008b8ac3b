// What passed through the server, counted by each loop for itself and put together when somebody asks.
#pragma once

#include <array>
#include <memory>

#include "core/counters.hpp"
#include "wire/request_kind.hpp"

namespace cubby {

// A reading.
struct TrafficCounts {
  static constexpr unsigned status_min = 200;
  static constexpr unsigned statuses = 400;  // up to 599

  struct OfKind {
    std::array<std::uint64_t, statuses> by_status{};
    Durations durations;  // from the end of the head to the last byte given to the kernel
  };

  OfKind& of(Dialect dialect, RequestKind kind) {
    return kinds[static_cast<std::size_t>(dialect)][static_cast<std::size_t>(kind)];
  }
  const OfKind& of(Dialect dialect, RequestKind kind) const {
    return kinds[static_cast<std::size_t>(dialect)][static_cast<std::size_t>(kind)];
  }

  std::array<std::array<OfKind, request_kind_names.size()>, dialect_names.size()> kinds{};
  std::uint64_t bytes_in = 0;  // of requests: heads and bodies
  std::uint64_t bytes_out = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_closed = 0;
  std::uint64_t tls_failures = 0;          // handshakes
  std::uint64_t request_memory_bytes = 0;  // that requests hold now
};

// Of one loop, whose thread writes; read by any.
class Traffic {
 public:
  void count(Dialect dialect, RequestKind kind, unsigned status, std::chrono::steady_clock::duration took) {
    OfKind& of_kind = kinds_[static_cast<std::size_t>(dialect)][static_cast<std::size_t>(kind)];
    const unsigned index = status - TrafficCounts::status_min;
    if (index < TrafficCounts::statuses) of_kind.by_status[index].add();
    of_kind.durations.add(took);
  }

  Counter bytes_in;
  Counter bytes_out;
  Counter connections_opened;
  Counter connections_closed;
  Counter tls_failures;

  void add_to(TrafficCounts& sum) const;

 private:
  struct OfKind {
    std::array<Counter, TrafficCounts::statuses> by_status;
    DurationCounter durations;
  };

  std::array<std::array<OfKind, request_kind_names.size()>, dialect_names.size()> kinds_;
};

}  // namespace cubby
