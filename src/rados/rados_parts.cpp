#include "rados/rados_parts.hpp"

#include <algorithm>
#include <cerrno>
#include <list>

#include "rados/rados_layout.hpp"
#include "rados/rados_locks.hpp"

namespace cubby {
namespace {

constexpr const char* lease_object = "leases";

// How often a round is begun again because another process was faster.
constexpr int tries_max = 10;

// Clocks of two machines need not run equally fast, and what was begun under a lease takes its time.
RadosParts::Clock::duration believed_for(const RadosUpkeep& upkeep) {
  return upkeep.lease_lasts * 4 / 5;
}

std::string lease_name(std::size_t part) {
  return "part." + std::to_string(part);
}

}  // namespace

RadosParts::RadosParts(RadosPool& index, const RadosUpkeep& upkeep, Now now)
    : index_(index),
      upkeep_(upkeep),
      now_(std::move(now)),
      cookie_(std::to_string(random_number())),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

RadosParts::~RadosParts() {
  thread_.request_stop();
  thread_.join();
  // What cannot be given back ends by itself.
  if (const Set all = held(); all.any()) carry_out({.kept = {}, .taken = {}, .given_back = all});
}

RadosParts::Set RadosParts::held() const {
  Set all;
  for (std::size_t part = 0; part < count; ++part) all[part] = has(part);
  return all;
}

void RadosParts::run(const std::stop_token& stop) {
  std::unique_lock lock(wait_mutex_);
  for (bool is_first = true; !stop.stop_requested(); is_first = false) {
    // What fails now is tried again the next time.
    const auto renewed = renew();
    {
      const std::scoped_lock keeping(last_round_mutex_);
      last_round_ = renewed;
    }
    if (is_first) begun_.count_down();
    wait_.wait_for(lock, stop, upkeep_.renew_every, [] { return false; });
  }
}

Result<void> RadosParts::last_round() const {
  const std::scoped_lock lock(last_round_mutex_);
  return last_round_;
}

// Every process watches the catalog; of one that has died the cluster thinks so for half a minute.
Result<std::size_t> RadosParts::fair_share() {
  std::list<obj_watch_t> watchers;
  const int code = index_.blocking().list_watchers(rados_layout::catalog_object, &watchers);
  if (code < 0) return rados_error(code, "it was not read who shares the store");
  const std::size_t servers = std::max<std::size_t>(watchers.size(), 1);
  return (count + servers - 1) / servers;
}

Result<RadosParts::Round> RadosParts::plan() {
  const auto share = fair_share();
  if (!share) return share.error();
  std::array<ceph::bufferlist, count> answers;
  librados::ObjectReadOperation read;
  for (std::size_t part = 0; part < count; ++part)
    rados_locks::add_ask(read, lease_name(part), answers[part]);
  const int code = index_.blocking().operate(lease_object, &read, nullptr);
  if (code < 0 && code != -ENOENT) return rados_error(code, "the leases were not read");
  Round round;
  Set free;
  for (std::size_t part = 0; part < count; ++part) {
    const std::string holder = code < 0 ? "" : rados_locks::holder_in(answers[part]);
    free[part] = holder.empty();
    if (holder != cookie_)
      ends_[part] = 0;
    else if (round.kept.count() < *share)
      round.kept.set(part);
    else
      round.given_back.set(part);
  }
  for (std::size_t part = 0; part < count && round.kept.count() + round.taken.count() < *share; ++part)
    round.taken[part] = free[part];
  return round;
}

// In one write, so that a server costs the cluster as much as with one part.
int RadosParts::carry_out(const Round& round) {
  librados::ObjectWriteOperation write;
  for (std::size_t part = 0; part < count; ++part) {
    if (round.given_back[part]) {
      ends_[part] = 0;
      rados_locks::add_give_back(write, lease_name(part), cookie_);
    } else if (round.kept[part] || round.taken[part]) {
      rados_locks::add_take(write, lease_name(part), cookie_, upkeep_.lease_lasts);
    }
  }
  return write.size() == 0 ? 0 : index_.blocking().operate(lease_object, &write);
}

Result<void> RadosParts::renew() {
  const std::scoped_lock lock(renewing_);
  for (int tries = 0; tries < tries_max; ++tries) {
    const auto asked = now_();
    const auto round = plan();
    if (!round) return round.error();
    const int code = carry_out(*round);
    const bool was_slower = code == -EBUSY || code == -ENOENT;
    if (was_slower) continue;
    if (code < 0) return rados_error(code, "the leases were not renewed");
    const auto end = asked + believed_for(upkeep_);
    for (std::size_t part = 0; part < count; ++part)
      if (round->kept[part] || round->taken[part]) ends_[part] = end.time_since_epoch().count();
    return {};
  }
  return fail(Errc::storage_unavailable, "the leases change all the time");
}

}  // namespace cubby
