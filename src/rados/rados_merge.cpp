// Merges: the second half of RadosResharder.
#include "rados/rados_resharder.hpp"
#include "rados/rados_rows.hpp"

namespace cubby {

using namespace rados_layout;

namespace {

constexpr std::uint64_t rows_per_page = 500;
constexpr std::string_view kinds_that_move[] = {head_kind, garbage_kind};

// Whether that side of a merge has said so, and neither has given up since.
bool is_leaving_for(const FoundShard& right, const FoundShard& left) {
  return right.header.state == ShardState::leaving && right.header.other == left.id &&
         right.header.attempt == left.header.attempt;
}

bool takes_in(const FoundShard& left, const FoundShard& right) {
  const bool is_merge = left.header.state == ShardState::merging || left.header.state == ShardState::merged;
  return is_merge && left.header.other == right.id && left.header.attempt == right.header.attempt;
}

ShardHeader serving_again(ShardHeader header) {
  header.state = ShardState::serving;
  header.bound.clear();
  header.other = {};
  header.attempt = 0;
  return header;
}

}  // namespace

Task<Result<void>> RadosResharder::begin_merge(RadosPlace place, FoundShard left, FoundShard right) {
  const auto is_ready = co_await is_on_map(place, left);
  if (!is_ready) co_return is_ready.error();
  if (!*is_ready) co_return Result<void>{};
  if (const auto allowed = may(RadosStep::freeze_both); !allowed) co_return allowed;
  ShardHeader header = left.header;
  header.state = ShardState::merging;
  header.other = right.id;
  header.attempt = random_number();
  librados::ObjectWriteOperation write;
  guard(write, left);
  const auto is_frozen = co_await replace(left, header, write);
  if (!is_frozen) co_return is_frozen.error();
  co_return Result<void>{};
}

Task<Result<void>> RadosResharder::go_on_merging(RadosPlace place, const FoundShard& left) {
  const auto right = co_await router_.read_shard(left.header.other);
  if (!right) co_return right.error();
  if (!*right) co_return co_await give_up_merging(left);
  if (!is_leaving_for(**right, left)) {
    const auto is_frozen = co_await freeze_right(place, left, **right);
    if (!is_frozen) co_return is_frozen.error();
    if (!*is_frozen) co_return co_await give_up_merging(left);
    co_return Result<void>{};
  }
  for (const std::string_view kind : kinds_that_move) {
    const auto is_taken = co_await take_in(place, left, **right, kind);
    if (!is_taken) co_return is_taken.error();
    if (!*is_taken) co_return Result<void>{};
  }
  co_return co_await take_over(left);
}

// False: it has something else to do. True: look again.
Task<Result<bool>> RadosResharder::freeze_right(RadosPlace place, const FoundShard& left,
                                                const FoundShard& right) {
  librados::ObjectWriteOperation write;
  guard(write, right);
  if (right.header.state == ShardState::leaving) {
    // For a merge that was given up, if this one is still under way after `right` was read: there are not two
    // at once.
    const auto again = co_await router_.read_shard(left.id);
    if (!again) co_return again.error();
    if (!*again || (*again)->header_bytes != left.header_bytes) co_return true;
    const auto served = co_await replace(right, serving_again(right.header), write);
    if (!served) co_return served.error();
    co_return true;
  }
  if (right.header.state != ShardState::serving || right.header.low != left.header.high) co_return false;
  const auto is_ready = co_await is_on_map(place, right);
  if (!is_ready || !*is_ready) co_return is_ready;
  if (const auto allowed = may(RadosStep::freeze_both); !allowed) co_return allowed.error();
  ShardHeader header = right.header;
  header.state = ShardState::leaving;
  header.other = left.id;
  header.attempt = left.header.attempt;
  const auto replaced = co_await replace(right, header, write);
  if (!replaced) co_return replaced.error();
  co_return true;
}

// What has been copied goes again.
Task<Result<void>> RadosResharder::give_up_merging(const FoundShard& left) {
  ShardHeader header = serving_again(left.header);
  header.state = ShardState::trimming;
  librados::ObjectWriteOperation write;
  guard(write, left);
  const auto given_up = co_await replace(left, header, write);
  if (!given_up) co_return given_up.error();
  co_return Result<void>{};
}

// Copies rows of that kind. False: one of the two has changed.
Task<Result<bool>> RadosResharder::take_in(RadosPlace place, const FoundShard& left, const FoundShard& right,
                                           std::string_view kind) {
  std::string after;
  for (bool has_more = true; has_more;) {
    if (const auto allowed = may(RadosStep::take_in); !allowed) co_return allowed.error();
    RadosRows rows;
    const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
      read.omap_get_vals2(after, std::string(kind), rows_per_page, &rows, &has_more, nullptr);
    };
    const auto found = co_await router_.read_shard(right.id, prepare);
    if (!found) co_return found.error();
    if (!*found || !is_leaving_for(**found, left)) co_return false;
    if (rows.empty()) co_return true;
    after = rows.rbegin()->first;
    if (kind == head_kind) {
      ShardCounter ignored;
      rows = with_expiry_rows(place.namespace_id, rows, ignored);
    }
    librados::ObjectWriteOperation write;
    guard(write, left);
    write.omap_set(rows);
    const auto answer = co_await pool_.write(shard_object(left.id), write);
    if (has_lost(answer.code)) co_return false;
    if (answer.code < 0) co_return rados_error(answer.code, "a shard was not copied");
  }
  co_return true;
}

Task<Result<void>> RadosResharder::take_over(const FoundShard& left) {
  CounterRows counters;
  const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) { counters.add_to(read); };
  const auto right = co_await router_.read_shard(left.header.other, prepare);
  if (!right) co_return right.error();
  if (!*right || !is_leaving_for(**right, left)) co_return Result<void>{};
  const auto sum = counters.sum();
  // A recount mends the counters of a shard that serves.
  if (!sum) co_return co_await give_up_merging(left);

  if (const auto allowed = may(RadosStep::take_over); !allowed) co_return allowed;
  ShardHeader header = left.header;
  header.state = ShardState::merged;
  header.bound = left.header.high;
  header.high = (*right)->header.high;
  header.next = (*right)->header.next;
  header.changed_at = clock_.now();
  const std::string row = counter_row(WriterId{random_number()});
  librados::ObjectWriteOperation write;
  guard(write, left);
  write.omap_set({{row, to_buffer(encode_counter(*sum, row))}});
  const auto taken = co_await replace(left, header, write);
  if (!taken) co_return taken.error();
  co_return Result<void>{};
}

// As map_split.
Task<Result<bool>> RadosResharder::map_merged(RadosPlace place, const FoundShard& left) {
  const auto entry = co_await router_.map_entry(place.index, left.header.high);
  if (!entry) co_return entry.error();
  if (!*entry || (*entry)->shard != left.header.other) co_return true;
  if (const auto allowed = may(RadosStep::map_merged); !allowed) co_return allowed.error();
  const auto again = co_await router_.read_shard(left.id);
  if (!again) co_return again.error();
  if (!*again || (*again)->header_bytes != left.header_bytes) co_return false;

  const std::string row = bound_row(left.header.high);
  librados::ObjectWriteOperation write;
  write.omap_cmp({{row, {to_buffer((*entry)->bytes), LIBRADOS_CMPXATTR_OP_EQ}}}, nullptr);
  write.omap_rm_keys({bound_row(left.header.bound)});
  write.omap_set({{row, to_buffer(new_map_entry(left.id))}});
  const auto answer = co_await pool_.write(map_object(place.index), write);
  if (answer.code == -ECANCELED) co_return false;
  if (answer.code == -ENOENT) co_return fail(Errc::namespace_not_found);
  if (answer.code < 0) co_return rados_error(answer.code, "the map of an index was not changed");
  co_return true;
}

// The left shard takes no writes as long as somebody might read the right one.
Task<Result<void>> RadosResharder::end_merging(RadosPlace place, const FoundShard& left) {
  const auto mapped = co_await map_merged(place, left);
  if (!mapped) co_return mapped.error();
  if (!*mapped) co_return Result<void>{};
  const auto right = co_await router_.read_shard(left.header.other);
  if (!right) co_return right.error();
  if (*right) {
    if (!is_leaving_for(**right, left))
      co_return fail(Errc::storage_corrupt, "two shards have the same keys");
    if (const auto allowed = may(RadosStep::remove); !allowed) co_return allowed;
    librados::ObjectWriteOperation remove;
    guard(remove, **right);
    remove.remove();
    const auto answer = co_await pool_.write(shard_object((*right)->id), remove);
    if (answer.code < 0 && !has_lost(answer.code))
      co_return rados_error(answer.code, "a shard was not removed");
    co_return Result<void>{};
  }
  if (const auto allowed = may(RadosStep::serve); !allowed) co_return allowed;
  librados::ObjectWriteOperation write;
  guard(write, left);
  const auto served = co_await replace(left, serving_again(left.header), write);
  if (!served) co_return served.error();
  co_return Result<void>{};
}

// Answers which shard to finish first. An attempt that was given up never begins again, so that a shard that
// is leaving for it may serve.
Task<Result<std::optional<ShardId>>> RadosResharder::leave(const FoundShard& right) {
  const auto left = co_await router_.read_shard(right.header.other);
  if (!left) co_return left.error();
  if (*left && takes_in(**left, right)) co_return std::optional((*left)->id);
  librados::ObjectWriteOperation write;
  guard(write, right);
  const auto served = co_await replace(right, serving_again(right.header), write);
  if (!served) co_return served.error();
  co_return std::optional<ShardId>();
}

}  // namespace cubby
