// Takes off the cluster what nobody names any more, in the background.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/clock.hpp"
#include "rados/rados_body_ids.hpp"
#include "rados/rados_catalog.hpp"
#include "rados/rados_index.hpp"
#include "rados/rados_orphans.hpp"
#include "rados/rados_own_shards.hpp"
#include "rados/rados_parts.hpp"

namespace cubby {

// Once a minute, of the parts that this process has: tends all shards (RadosIndexes::tend), ends old splits,
// erases the indexes of namespaces that were removed an hour ago, and removes what dead processes have left
// (RadosOrphans).
class RadosCollector {
 public:
  RadosCollector(RadosCatalog& catalog, RadosIndexes& indexes, RadosBodyIds& ids, RadosOrphans& orphans,
                 const RadosParts& parts, RadosOwnShards& shards, const Clock& clock)
      : catalog_(catalog),
        indexes_(indexes),
        ids_(ids),
        orphans_(orphans),
        parts_(parts),
        shards_(shards),
        clock_(clock) {}
  ~RadosCollector() {
    indexes_.stop();
    orphans_.stop();
    thread_.request_stop();
  }

 private:
  void run(const std::stop_token& stop);
  Task<Result<void>> collect(RadosCatalog::Shared catalog);
  Task<Result<void>> tend(RadosCatalog::Shared catalog);
  Task<Result<void>> tend_some(const RadosOwnShards::List& shards, std::size_t& next);
  Task<Result<void>> erase(RadosCatalog::Removal removal);

  RadosCatalog& catalog_;
  RadosIndexes& indexes_;
  RadosBodyIds& ids_;
  RadosOrphans& orphans_;
  const RadosParts& parts_;
  RadosOwnShards& shards_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any wait_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};  // last: it uses all of the above
};

}  // namespace cubby
