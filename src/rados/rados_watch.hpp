// Tells of what others announce about an object, at once instead of at the next look.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "rados/rados_pool.hpp"

namespace cubby {

// Thread-safe, but for `keep`. What it misses while the cluster does not answer, the next look finds.
class RadosWatch final : librados::WatchCtx2 {
 public:
  // `told` runs on a thread of librados, which must not wait for anything.
  RadosWatch(RadosPool& pool, std::string object, std::function<void()> told)
      : pool_(pool), object_(std::move(object)), told_(std::move(told)) {}
  ~RadosWatch() override { end(); }

  // Begins to watch, or again where that has ended. Blocks. For one thread.
  void keep();

  // What was told since the last call; whoever announced it waits until it is acknowledged.
  using Told = std::vector<std::uint64_t>;
  Told take();
  void acknowledge(const Told& told);

  // Returns when all who watch have acknowledged, or after little more than a second. Blocks.
  static void announce(RadosPool& pool, const std::string& object);

 private:
  void handle_notify(std::uint64_t id, std::uint64_t cookie, std::uint64_t from,
                     ceph::bufferlist& message) override;
  void handle_error(std::uint64_t cookie, int code) override;
  void end();

  RadosPool& pool_;
  const std::string object_;
  const std::function<void()> told_;

  RadosPool::Connected connected_;  // that the watch is on
  std::uint64_t cookie_ = 0;

  std::mutex mutex_;
  bool is_broken_ = false;
  Told waiting_;
};

}  // namespace cubby
