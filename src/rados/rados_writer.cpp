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

constexpr const char* unknown_outcome =
    "the cluster does not answer; it is unknown whether the write has happened";

void mark_kept(const ShardChange& change) {
  for (const Mutation& mutation : change.mutations) {
    if (const auto* const put = std::get_if<Put>(&mutation)) static_cast<RadosUpload&>(*put->value).keep();
  }
}

}  // namespace

RadosWriter::RadosWriter(RadosPool& index, RadosPool& data, const Clock& clock, Version last_version)
    : index_(index), data_(data), clock_(clock), last_version_(last_version) {}

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
  for (std::uint64_t piece = 0; piece < pieces_of(body.value_bytes); ++piece) {
    co_await data_.remove(piece_object(body.shard, body.id, piece));
  }
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
    mutations += queue.front()->mutations.size() + queue.front()->due.size();
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
    co_await commit(std::move(group));
  }
}

Task<void> RadosWriter::commit(Group group) {
  for (int losses = 0;;) {
    const auto outcome = co_await try_commit(group);
    if (outcome && *outcome == Outcome::lost) {
      // One key that others want too must not hold its neighbours back.
      if (++losses == 2 && group.size() > 1) break;
      continue;
    }
    for (const auto& each : group) {
      const bool may_have_happened = outcome || outcome.error().argument == unknown_outcome;
      if (may_have_happened) mark_kept(*each);
      each->done(outcome ? Result<void>{} : Result<void>(outcome.error()));
    }
    co_return;
  }
  for (auto& each : group) {
    Group alone(1, each);
    co_await commit(std::move(alone));
  }
}

Task<Result<RadosWriter::Outcome>> RadosWriter::try_commit(const Group& group) {
  const ShardId shard = group.front()->shard;
  RadosBatch batch(group.front()->namespace_id, id_, clock_.now());
  for (const auto& each : group) batch.expect(*each);
  librados::ObjectReadOperation read;
  batch.add_to(read);
  const auto found = co_await index_.read(shard_object(shard), read);
  if (found.code == -ENOENT) co_return fail(Errc::namespace_not_found);
  if (found.code < 0) co_return rados_error(found.code, "nothing was written");
  if (const auto taken = batch.take_read(); !taken) co_return taken.error();

  last_version_ = std::max(last_version_, batch.last_version());
  for (const auto& each : group) {
    each->version = last_version_ = next_version(last_version_, each->written_at);
    batch.stage(*each);
  }
  const Version version = last_version_;
  librados::ObjectWriteOperation write;
  batch.add_to(write);
  const auto written = co_await index_.write(shard_object(shard), write);
  if (written.code >= 0) co_return Outcome::done;
  if (written.code == -ECANCELED) co_return Outcome::lost;
  if (written.code == -ENOENT) co_return fail(Errc::namespace_not_found);
  const Error error = rados_error(written.code, "nothing was written");
  if (error.code != Errc::storage_unavailable) co_return error;
  co_return co_await resolve(shard, batch.epoch(), version);
}

// A write without an answer may land at any time. A new epoch makes an end of that: after it, either the
// write is there or it never will be.
Task<Result<RadosWriter::Outcome>> RadosWriter::resolve(ShardId shard, std::string epoch, Version version) {
  librados::ObjectWriteOperation bump;
  bump.cmpxattr(epoch_attribute, LIBRADOS_CMPXATTR_OP_EQ, to_buffer(epoch));
  bump.setxattr(epoch_attribute, to_buffer(number_bytes(random_number())));
  const auto bumped = co_await index_.write(shard_object(shard), bump);
  if (bumped.code == -ENOENT) co_return fail(Errc::namespace_not_found);
  // Cancelled: somebody else has bumped it.
  if (bumped.code < 0 && bumped.code != -ECANCELED)
    co_return fail(Errc::storage_unavailable, unknown_outcome);
  librados::ObjectReadOperation read;
  std::map<std::string, ceph::bufferlist> rows;
  const std::string row = counter_row(id_);
  read.omap_get_vals_by_keys({row}, &rows, nullptr);
  const auto found = co_await index_.read(shard_object(shard), read);
  if (found.code == -ENOENT) co_return fail(Errc::namespace_not_found);
  if (found.code < 0) co_return fail(Errc::storage_unavailable, unknown_outcome);
  if (rows.empty()) co_return Outcome::lost;
  const auto counter = decode_counter(rows.begin()->second.to_str(), row);
  if (!counter) co_return counter.error();
  co_return counter->version == version ? Outcome::done : Outcome::lost;
}

}  // namespace cubby
