// The ids under which a process stores values. They are written down before they are used, many at a time, in
// an object of the process, its registry: should it die, what it has begun and nobody names is found there
// (RadosOrphans).
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <set>

#include "core/clock.hpp"
#include "rados/rados_layout.hpp"
#include "rados/rados_pool.hpp"
#include "store/storage_pool.hpp"

namespace cubby {

// Thread-safe.
class RadosBodyIds {
 public:
  RadosBodyIds(RadosPool& index, const Clock& clock) : index_(index), clock_(clock) {}
  // Forgets what was not used. Blocks.
  ~RadosBodyIds();

  RadosBodyIds(const RadosBodyIds&) = delete;
  RadosBodyIds& operator=(const RadosBodyIds&) = delete;

  // One that was never used; the registry was written an hour ago at most. Rarely waits: one write for 128
  // ids, ahead of need. Errors: storage_unavailable, storage_full.
  Task<Result<BodyId>> take();

  // It is certain what has become of it: a head names it, or its objects are gone.
  void settle(BodyId id);

  // Writes down what was settled, and that the process is alive; called once a minute, or later. Blocks.
  void keep_alive();

 private:
  using Stopwatch = std::chrono::steady_clock;

  std::optional<BodyId> take_unused();
  bool is_stale() const { return clock_.now() > written_at_ + std::chrono::hours(1); }
  Result<void> write_more(Stopwatch::time_point asked);
  Result<void> write(const std::set<BodyId>& fresh);
  int make_registry(const std::set<BodyId>& ids);
  int change_registry(const std::set<BodyId>& fresh, const std::set<BodyId>& settled);
  void begin_anew();
  void remove_registry();

  RadosPool& index_;
  const Clock& clock_;

  std::mutex writing_;  // one write of the registry at a time; taken before `mutex_`
  WriterId writer_{random_number()};
  bool is_made_ = false;
  std::set<BodyId> fresh_;  // for the next write; nobody has used them
  Stopwatch::time_point failed_at_{};
  Result<void> failure_;

  std::mutex mutex_;
  Timestamp written_at_{};
  std::deque<BodyId> unused_;
  std::set<BodyId> taken_;    // and not settled
  std::set<BodyId> settled_;  // and still in the registry
  bool is_writing_ahead_ = false;
  bool is_ending_ = false;

  StoragePool threads_{1};  // last: it uses all of the above
};

}  // namespace cubby
