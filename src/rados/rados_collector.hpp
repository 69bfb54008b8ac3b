// Takes off the cluster what nobody names any more, in the background.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "core/clock.hpp"
#include "rados/rados_catalog.hpp"
#include "rados/rados_index.hpp"
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

// Tends all indexes (RadosIndexes::tend) once a minute, and removes those of removed namespaces an hour
// later.
class RadosCollector {
 public:
  RadosCollector(RadosPool& index, RadosCatalog& catalog, RadosIndexes& indexes, const Clock& clock)
      : catalog_(catalog), indexes_(indexes), clock_(clock), lease_(index, "collector") {}
  ~RadosCollector() {
    indexes_.stop();
    thread_.request_stop();
  }

 private:
  void run(const std::stop_token& stop);
  void collect(const std::stop_token& stop);

  RadosCatalog& catalog_;
  RadosIndexes& indexes_;
  const Clock& clock_;
  RadosLease lease_;
  std::mutex mutex_;
  std::condition_variable_any wait_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};  // last: it uses all of the above
};

}  // namespace cubby
