#include "rados/rados_watch.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace cubby {

void RadosWatch::keep() {
  RadosPool::Connected newest = pool_.connected();
  {
    const std::scoped_lock lock(mutex_);
    const bool is_kept =
        cookie_ != 0 && !is_broken_ && connected_.connection_number == newest.connection_number;
    if (is_kept) return;
    is_broken_ = false;
  }
  end();
  connected_ = std::move(newest);
  if (connected_.io.watch2(object_, &cookie_, this) < 0) cookie_ = 0;
}

void RadosWatch::end() {
  if (cookie_ == 0) return;
  connected_.io.unwatch2(std::exchange(cookie_, 0));
  // A call of ours may be under way on a thread of librados.
  librados::Rados(connected_.io).watch_flush();
}

RadosWatch::Told RadosWatch::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(waiting_, {});
}

void RadosWatch::acknowledge(const Told& told) {
  ceph::bufferlist nothing;
  for (const std::uint64_t id : told) connected_.io.notify_ack(object_, id, cookie_, nothing);
}

// librados may wait for the end of an announcement longer than it was told to.
void RadosWatch::announce(RadosPool& pool, const std::string& object) {
  using Ended = std::promise<void>;
  const auto ended = std::make_shared<Ended>();
  auto* const kept = new std::shared_ptr<Ended>(ended);
  const auto completed = [](rados_completion_t, void* argument) {
    const std::unique_ptr<std::shared_ptr<Ended>> told(static_cast<std::shared_ptr<Ended>*>(argument));
    (*told)->set_value();
  };
  librados::AioCompletion* const completion = librados::Rados::aio_create_completion(kept, completed);
  ceph::bufferlist nothing;
  if (pool.blocking().aio_notify(object, completion, nothing, 1000, nullptr) < 0)
    delete kept;
  else
    ended->get_future().wait_for(std::chrono::milliseconds(1200));
  completion->release();
}

void RadosWatch::handle_notify(std::uint64_t id, std::uint64_t, std::uint64_t, ceph::bufferlist&) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(id);
  }
  told_();
}

void RadosWatch::handle_error(std::uint64_t, int) {
  const std::scoped_lock lock(mutex_);
  is_broken_ = true;
}

}  // namespace cubby
