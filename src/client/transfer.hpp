// What export, import and copy share: one namespace somewhere, how far one has come, and what was done.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/kv_client.hpp"

namespace cubby::client {

// A server and an account; outlives whatever works with it.
struct Site {
  Connection connection;
  std::string account;

  std::unique_ptr<KvClient> client() const { return std::make_unique<KvClient>(connection, account); }
  // One for each thread.
  std::vector<std::unique_ptr<KvClient>> clients(unsigned count) const;
};

// How far a walk over keys in their order has come: list with `cursor`, and leave out what is not after
// `after`.
struct Position {
  std::string cursor{};
  std::string after{};

  bool operator==(const Position&) const = default;
};

// Thread-safe.
struct Report {
  std::atomic<std::uint64_t> keys{0};      // read, written or compared
  std::atomic<std::uint64_t> bytes{0};     // of their values
  std::atomic<std::uint64_t> expired{0};   // left out, for their time is over or as good as over
  std::atomic<std::uint64_t> refused{0};   // by the server
  std::atomic<std::uint64_t> vanished{0};  // listed, and gone when they were read
  std::atomic<std::uint64_t> different{0};
  std::function<void(const std::string& sentence)> say;  // from any thread
};

}  // namespace cubby::client
