// The engine for more than one machine: any number of Cubby processes over one Ceph RADOS cluster. A write is
// acknowledged after every copy that is up has committed it.
//
// What lies where is docs/internals/rados_format.md. What differs from the embedded engine:
//  * The index of a namespace is in one or more shards. An `apply` over several is one atomic write for each;
//    if some fail, the argument of the error says which keys were not written.
//  * Versions of a key grow, whoever writes; over all keys only within one process.
//  * A cluster that does not answer in time gives storage_unavailable. If that was a write, it may have
//    happened: the argument says so.
//  * A value that is overwritten while it is read stays readable for an hour.
//  * The usage of a namespace on very many shards may be a minute old.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "store/engine.hpp"

namespace cubby {

// What is about to be done to shards: see RadosResharder.
enum class RadosStep : std::uint8_t {
  create,       // a split: the new shard, which nobody knows yet
  freeze,       // what is to move takes no writes
  copy,         // a page of it
  activate,     // the copy is whole
  switch_over,  // the moment from which on the new shard answers
  map,          // the map says so
  trim,         // a page of what has moved
  serve,        // the split is done
  freeze_both,  // a merge: the shard on the right takes no writes, after the one on the left
  take_in,      // a page of the right one
  take_over,    // the moment from which on the left one answers
  map_merged,
  remove,  // the right one
};

// When shards split and merge, and for how long their sum is kept where there are many.
struct RadosSharding {
  std::uint64_t split_keys = 50'000;  // a shard with more splits
  std::uint64_t merge_keys = 10'000;  // two neighbours that hold fewer together become one
  std::chrono::milliseconds merge_after = std::chrono::minutes(10);  // neither has split or merged before

  // A shard to which one process writes faster splits too, down to so many keys.
  std::uint64_t split_rate = 4'000;  // keys a second, over ten seconds
  std::uint64_t split_rate_keys = 1'000;

  // The usage of a namespace on more shards is kept for so long, and told with its age; at most 1,000.
  std::uint64_t usage_kept_shards = 1'000;
  std::chrono::seconds usage_kept_for = std::chrono::minutes(1);

  // For tests: called before each step, by one thread of the engine. If it answers false, the work is left
  // as it is, as by a process that dies.
  std::function<bool(RadosStep)> before_step{};
};

// How long the leases last by which servers share the upkeep of a store: see RadosParts.
struct RadosUpkeep {
  std::chrono::milliseconds lease_lasts = std::chrono::seconds(15);
  std::chrono::milliseconds renew_every = std::chrono::seconds(5);
};

struct RadosOptions {
  std::string conf_file;
  std::string pool;
  std::string data_pool;                  // of large values; empty: `pool`
  std::string rados_namespace = "cubby";  // keeps stores in one pool apart
  RadosSharding sharding{};
  RadosUpkeep upkeep{};
};

// Connects, and prepares an empty store when there is none. The destructor waits for writes in flight.
// Errors: storage_unavailable, storage_failed; the argument is a sentence for the operator.
Result<std::unique_ptr<Engine>> open_rados_engine(const RadosOptions& options);

// The same, as the module gives it: see app/rados_module.hpp.
using OpenRadosEngine = void(const RadosOptions&, Result<std::unique_ptr<Engine>>& opened);
inline constexpr const char* open_rados_engine_symbol = "cubby_open_rados_engine";
inline constexpr const char* rados_module_version_symbol = "cubby_rados_version";
using PrepareRadosPools = void(const RadosOptions&, Result<std::vector<std::string>>& unsafe);
inline constexpr const char* prepare_rados_pools_symbol = "cubby_prepare_rados_pools";

}  // namespace cubby
