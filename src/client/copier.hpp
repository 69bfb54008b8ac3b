// Copies a namespace from one server to another, and compares two.
#pragma once

#include <functional>
#include <string>

#include "client/transfer.hpp"
#include "core/clock.hpp"

namespace cubby::client {

struct CopyJob {
  NamespaceId from;
  NamespaceId to;
  std::string prefix;
  std::string journal;  // its path
  unsigned parallel = 1;
};

// Writes every pair of `from` to `to`, over what is there; takes nothing away there. Goes on where the
// journal says; removes it in the end. Memory: `parallel` times what read_values and PairWriter need. Errors:
// usage, failed, those of the servers.
Outcome<void> run_copy(const Site& from, const Site& to, const CopyJob& job, const Clock& clock,
                       Report& report);

struct Difference {
  enum class What { missing, extra, value, metadata, expiration };
  What what;
  std::string key;
};

// Calls `tell` for every difference, from any thread but in turn, in the order of keys. Pairs that have
// expired or nearly so are not compared.
Outcome<void> run_verify(const Site& from, const Site& to, const CopyJob& job, const Clock& clock,
                         Report& report, const std::function<void(const Difference& difference)>& tell);

}  // namespace cubby::client
