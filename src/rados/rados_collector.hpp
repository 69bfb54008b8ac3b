// Takes off the cluster what nobody names any more, in the background.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "core/clock.hpp"
#include "rados/rados_body_ids.hpp"
#include "rados/rados_catalog.hpp"
#include "rados/rados_index.hpp"
#include "rados/rados_orphans.hpp"
#include "rados/rados_pool.hpp"

namespace cubby {

// The right to do work that one process at a time should do. It ends by itself some seconds after it was last
// taken; two that both think they have it do no harm.
class RadosLease {
 public:
  RadosLease(RadosPool& pool, std::string name);
  ~RadosLease();  // gives it back

  // Takes it, or takes it again. Blocks. False: another process has it. Errors: storage_unavailable.
  Result<bool> take();

 private:
  RadosPool& pool_;
  const std::string name_;
  const std::string cookie_;
  bool is_taken_ = false;
};

// Once a minute: tends all indexes (RadosIndexes::tend), removes those of removed namespaces an hour later,
// and what dead processes have left (RadosOrphans).
class RadosCollector {
 public:
  RadosCollector(RadosPool& index, RadosCatalog& catalog, RadosIndexes& indexes, RadosBodyIds& ids,
                 RadosOrphans& orphans, const Clock& clock)
      : catalog_(catalog),
        indexes_(indexes),
        ids_(ids),
        orphans_(orphans),
        clock_(clock),
        lease_(index, "collector") {}
  ~RadosCollector() {
    indexes_.stop();
    orphans_.stop();
    thread_.request_stop();
  }

 private:
  void run(const std::stop_token& stop);
  void collect(const std::stop_token& stop);

  RadosCatalog& catalog_;
  RadosIndexes& indexes_;
  RadosBodyIds& ids_;
  RadosOrphans& orphans_;
  const Clock& clock_;
  RadosLease lease_;
  std::mutex mutex_;
  std::condition_variable_any wait_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};  // last: it uses all of the above
};

}  // namespace cubby
