#include "rados/rados_writer.hpp"

#include <cerrno>

#include "core/limits.hpp"
#include "store/ordering.hpp"

namespace cubby {
namespace {

using namespace rados_layout;

// A write that is large holds its shard up.
constexpr std::size_t group_mutations_max = 256;
constexpr std::size_t group_bytes_max = 4 * limits::MiB;

// How often a write is tried that the cluster does not answer, and that certainly has not happened.
constexpr int tries_max = 2;

void keep_values(const ShardChange& change, bool is_certain) {
  for (const RadosItem& item : change.items) {
    const auto* const put = std::get_if<Put>(&item);
    if (!put) continue;
    auto& upload = static_cast<RadosUpload&>(*put->value);
    upload.keep();
    if (is_certain) upload.settle();
  }
}

Error nothing_written() {
  return fail(Errc::storage_unavailable, "the cluster does not answer; nothing was written");
}

bool is_unavailable(const Result<void>& committed) {
  return !committed && committed.error().code == Errc::storage_unavailable;
}

// One that nothing was sent of.
void refuse(ShardChange& change) {
  const auto done = std::move(change.done);  // whoever is told may end it
  done(nothing_written());
}

}  // namespace

RadosWriter::RadosWriter(RadosPool& index, RadosPool& data, RadosBalancer& balancer, RadosBodyIds& ids,
                         const Clock& clock, Version last_version)
    : index_(index),
      data_(data),
      balancer_(balancer),
      ids_(ids),
      clock_(clock),
      last_version_(last_version) {}

RadosWriter::~RadosWriter() {
  work_.stop();
  stays_.reset();
  thread_.join();
}

void RadosWriter::spawn_tracked(Task<void> task) {
  spawn(loop_, std::move(task), [this](std::exception_ptr failure) {
    work_.end();
    if (failure) std::rethrow_exception(failure);
  });
}

void RadosWriter::push(std::shared_ptr<ShardChange> change) {
  const ShardId shard = change->shard;
  {
    const std::scoped_lock lock(mutex_);
    const auto [queue, is_first] = waiting_.try_emplace(shard);
    queue->second.push_back(std::move(change));
    if (!is_first) return;
  }
  if (work_.begin()) spawn_tracked(run(shard));
}

void RadosWriter::discard(RadosBody body) {
  if (work_.begin()) spawn_tracked(remove_pieces(body));
}

Task<void> RadosWriter::remove_pieces(RadosBody body) {
  if (const auto removed = co_await remove_body(data_, body)) ids_.settle(body.id);
}

// What waits, as far as it fits into one write; nothing: the shard is done.
RadosWriter::Group RadosWriter::take(ShardId shard) {
  const std::scoped_lock lock(mutex_);
  const auto found = waiting_.find(shard);
  auto& queue = found->second;
  Group group;
  std::size_t mutations = 0;
  std::size_t bytes = 0;
  while (!queue.empty()) {
    mutations += queue.front()->items.size();
    bytes += queue.front()->bytes;
    if (!group.empty() && (mutations > group_mutations_max || bytes > group_bytes_max)) break;
    group.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  if (group.empty()) waiting_.erase(found);
  return group;
}

Task<void> RadosWriter::run(ShardId shard) {
  for (;;) {
    Group group = take(shard);
    if (group.empty()) co_return;
    const auto committed = co_await commit(std::move(group));
    if (is_unavailable(committed)) refuse_waiting(shard);
  }
}

void RadosWriter::refuse_waiting(ShardId shard) {
  std::deque<std::shared_ptr<ShardChange>> refused;
  {
    const std::scoped_lock lock(mutex_);
    refused.swap(waiting_.at(shard));
  }
  for (const auto& each : refused) refuse(*each);
}

// Answers the error that had to do with the cluster and not with one of the group.
Task<Result<void>> RadosWriter::commit(Group group) {
  std::vector<Written> fits;
  int losses = 0;
  int time_outs = 0;
  for (;;) {
    auto outcome = co_await try_commit(group, fits);
    if (outcome && *outcome == Outcome::timed_out) {
      if (++time_outs < tries_max) continue;
      outcome = nothing_written();
    }
    if (outcome && *outcome == Outcome::lost) {
      // One key that others want too must not hold its neighbours back.
      if (++losses == 2 && group.size() > 1) break;
      continue;
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
      // Who does not fit has no part in what happened to the others.
      const bool has_part = fits[i] == Written::done;
      const bool may_have_happened = has_part && (outcome || outcome.error().argument == unknown_outcome);
      if (may_have_happened) keep_values(*group[i], outcome.has_value());
      // Whoever is told may end it.
      const auto done = std::move(group[i]->done);
      done(outcome || !has_part ? Result<Written>(fits[i]) : Result<Written>(outcome.error()));
    }
    co_return outcome ? Result<void>() : Result<void>(outcome.error());
  }
  Result<void> committed;
  for (auto& each : group) {
    if (is_unavailable(committed)) {
      refuse(*each);
      continue;
    }
    Group alone(1, each);
    committed = co_await commit(std::move(alone));
  }
  co_return committed;
}

// `fits` tells of each change whether it had a part in the outcome.
Task<Result<RadosWriter::Outcome>> RadosWriter::try_commit(const Group& group, std::vector<Written>& fits) {
  const ShardId shard = group.front()->shard;
  RadosBatch batch(shard, group.front()->place.namespace_id, id_, clock_.now());
  fits.assign(group.size(), Written::done);
  for (const auto& each : group) batch.expect(*each);
  librados::ObjectReadOperation read;
  batch.add_to(read);
  const auto found = co_await index_.read(shard_object(shard), read);
  if (found.code == -ENOENT) {
    fits.assign(group.size(), Written::moved);
    co_return Outcome::done;
  }
  if (found.code < 0) co_return rados_error(found.code, "nothing was written");
  if (const auto taken = batch.take_read(); !taken) co_return taken.error();

  // After the read: RadosOrphans has changed the header when it takes a value of ours for late.
  const Timestamp now = clock_.now();
  bool is_needed = false;
  for (std::size_t i = 0; i < group.size(); ++i) {
    fits[i] = batch.fit(*group[i], now);
    if (fits[i] != Written::done) continue;
    give_version(*group[i], batch.last_version());
    batch.stage(*group[i]);
    is_needed = true;
  }
  if (!is_needed) co_return Outcome::done;
  librados::ObjectWriteOperation write;
  batch.add_to(write);
  const auto written = co_await index_.write(shard_object(shard), write);
  if (written.code >= 0) {
    tell_balancer(group, batch);
    co_return Outcome::done;
  }
  if (written.code == -ECANCELED || written.code == -ENOENT) co_return Outcome::lost;
  const Error error = rados_error(written.code, "nothing was written");
  if (error.code != Errc::storage_unavailable) co_return error;
  co_return co_await resolve(batch);
}

Version RadosWriter::next(Timestamp written_at) {
  const std::scoped_lock lock(version_mutex_);
  return last_version_ = next_version(last_version_, written_at);
}

Version RadosWriter::last_version() const {
  const std::scoped_lock lock(version_mutex_);
  return last_version_;
}

// The parts of one apply have the version that it was given, unless somebody has been faster in a shard.
void RadosWriter::give_version(ShardChange& change, Version last) {
  if (change.wanted > last) {
    change.version = change.wanted;
    return;
  }
  const std::scoped_lock lock(version_mutex_);
  change.version = last_version_ = next_version(std::max(last_version_, last), change.written_at);
}

void RadosWriter::tell_balancer(const Group& group, const RadosBatch& batch) {
  ShardLoad load;
  for (const auto& each : group) load.written += each->items.size();
  load.keys = static_cast<std::uint64_t>(std::max<std::int64_t>(batch.keys_after(), 0));
  load.has_shrunk = batch.keys_after() < batch.keys_before();
  const ShardHeader& header = batch.shard().header;
  load.is_alone = header.low.empty() && header.high == last_bound;
  load.is_unfinished =
      header.state != ShardState::serving && header.changed_at < clock_.now() - std::chrono::seconds(1);
  balancer_.take_note(group.front()->place, batch.shard().id, load);
}

// A write without an answer may land at any time. A new header makes an end of that: after it, either the
// write is there or it never will be.
Task<Result<RadosWriter::Outcome>> RadosWriter::resolve(const RadosBatch& batch) {
  const FoundShard& shard = batch.shard();
  librados::ObjectWriteOperation bump;
  RadosResharder::guard(bump, shard);
  // Refused: somebody else has changed it.
  const auto bumped = co_await balancer_.resharder().replace(shard, shard.header, bump);
  if (!bumped) co_return fail(Errc::storage_unavailable, unknown_outcome);
  RadosRows rows;
  const std::string row = counter_row(id_);
  const std::set<std::string> wanted{row};
  librados::ObjectReadOperation read;
  read.omap_get_vals_by_keys(wanted, &rows, nullptr);
  const auto found = co_await index_.read(shard_object(shard.id), read);
  if (found.code < 0) co_return fail(Errc::storage_unavailable, unknown_outcome);
  // A recount removes counters where one is damaged.
  if (rows.empty() && batch.has_own_counter()) co_return fail(Errc::storage_unavailable, unknown_outcome);
  if (rows.empty()) co_return Outcome::timed_out;
  const auto counter = decode_counter(rows.begin()->second.to_str(), row);
  if (!counter) co_return fail(Errc::storage_unavailable, unknown_outcome);
  co_return counter->version == batch.last_version() ? Outcome::done : Outcome::timed_out;
}

}  // namespace cubby
