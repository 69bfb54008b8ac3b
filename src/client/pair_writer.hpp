// Writes pairs in bulk.
#pragma once

#include <string>
#include <vector>

#include "client/transfer.hpp"
#include "core/clock.hpp"

namespace cubby::client {

// Of one bulk write of ours: few calls, and not much memory.
inline constexpr std::size_t write_pairs_max = 1000;
inline constexpr std::size_t write_bytes_max = 16 * std::size_t{1024 * 1024};

// Pairs that have expired, or nearly, are counted and left out. Where the server refuses a write for what is
// in it, halves of it are tried until the pairs that it refuses are alone; they are told and left out. Used
// by one thread; all arguments outlive it.
class PairWriter {
 public:
  PairWriter(KvClient& client, const NamespaceId& id, const Clock& clock, Report& report)
      : client_(client), id_(id), clock_(clock), report_(report) {}

  // Errors: those of KvClient::bulk_put, unless they are about the pairs.
  Outcome<void> add(Pair pair);
  // Writes what has not been written yet.
  Outcome<void> flush();

 private:
  struct Written {
    std::string key;
    std::string json;
    std::size_t value_bytes;
  };

  Outcome<void> write(std::size_t begin, std::size_t end);

  KvClient& client_;
  const NamespaceId& id_;
  const Clock& clock_;
  Report& report_;
  std::vector<Written> pairs_;
  std::size_t bytes_ = 0;
};

}  // namespace cubby::client
