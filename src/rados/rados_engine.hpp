// The engine for more than one machine: any number of Cubby processes over one Ceph RADOS cluster. A write is
// acknowledged after every copy that is up has committed it.
//
// What lies where is docs/internals/rados_format.md. What differs from the embedded engine:
//  * Versions grow within a namespace, whoever writes; over all namespaces only within one process.
//  * A cluster that does not answer in time gives storage_unavailable. If that was a write, it may have
//    happened: the argument says so.
//  * A value that is overwritten while it is read stays readable for an hour.
#pragma once

#include <memory>
#include <string>

#include "store/engine.hpp"

namespace cubby {

struct RadosOptions {
  std::string conf_file;
  std::string pool;
  std::string data_pool;                  // of large values; empty: `pool`
  std::string rados_namespace = "cubby";  // keeps stores in one pool apart
};

// Connects, and prepares an empty store when there is none. The destructor waits for writes in flight.
// Errors: storage_unavailable, storage_failed; the argument is a sentence for the operator.
Result<std::unique_ptr<Engine>> open_rados_engine(const RadosOptions& options);

// The same, as the module gives it: see app/rados_module.hpp.
using OpenRadosEngine = void(const RadosOptions&, Result<std::unique_ptr<Engine>>& opened);
inline constexpr const char* open_rados_engine_symbol = "cubby_open_rados_engine";
using PrepareRadosPools = void(const RadosOptions&, Result<std::vector<std::string>>& unsafe);
inline constexpr const char* prepare_rados_pools_symbol = "cubby_prepare_rados_pools";

}  // namespace cubby
