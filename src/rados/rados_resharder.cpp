#include "rados/rados_resharder.hpp"

#include <cerrno>

#include "rados/rados_rows.hpp"

namespace cubby {

using namespace rados_layout;

// In this file: what both have in common, and the split. The merge is in rados_merge.cpp.

namespace {

// Small enough that a page does not hold others up for long.
constexpr std::uint64_t rows_per_page = 500;

}  // namespace

Result<void> RadosResharder::may(RadosStep step) const {
  const bool is_let = !is_stopping_ && (!sharding_.before_step || sharding_.before_step(step));
  if (!is_let) return fail(Errc::storage_unavailable, "a split or a merge was left undone");
  return {};
}

void RadosResharder::guard(librados::ObjectWriteOperation& write, const FoundShard& shard) {
  write.cmpxattr(header_attribute, LIBRADOS_CMPXATTR_OP_EQ, to_buffer(shard.header_bytes));
}

Task<Result<bool>> RadosResharder::replace(const FoundShard& shard, ShardHeader header,
                                           librados::ObjectWriteOperation& write) {
  header.nonce = random_number();
  write.setxattr(header_attribute, to_buffer(encode_shard_header(header, shard.id)));
  const auto answer = co_await pool_.write(shard_object(shard.id), write);
  if (has_lost(answer.code)) co_return false;
  if (answer.code < 0) co_return rados_error(answer.code, "a shard was not changed");
  co_return true;
}

// What is on the map cannot be changed by an older split or merge any more.
Task<Result<bool>> RadosResharder::is_on_map(RadosPlace place, const FoundShard& shard) {
  const auto entry = co_await router_.map_entry(place.index, shard.header.high);
  if (!entry) co_return entry.error();
  co_return entry->has_value() && (*entry)->shard == shard.id;
}

// Each turn takes one step, or finds that another process has.
Task<Result<void>> RadosResharder::finish(RadosPlace place, ShardId shard) {
  for (;;) {
    const auto found = co_await router_.read_shard(shard);
    if (!found) co_return found.error();
    if (!*found) co_return Result<void>{};
    Result<void> gone_on;
    switch ((*found)->header.state) {
      case ShardState::splitting:
        gone_on = co_await go_on_splitting(place, **found);
        break;
      case ShardState::trimming:
        gone_on = co_await trim(place, **found);
        break;
      case ShardState::merging:
        gone_on = co_await go_on_merging(place, **found);
        break;
      case ShardState::merged:
        gone_on = co_await end_merging(place, **found);
        break;
      case ShardState::leaving: {
        const auto left = co_await leave(**found);
        if (!left) co_return left.error();
        if (*left) shard = **left;
        break;
      }
      default:
        co_return Result<void>{};
    }
    if (!gone_on) co_return gone_on;
  }
}

// ---- Split

// Heads are the last rows of a shard.
Task<Result<std::string>> RadosResharder::last_key_of(ShardId shard, std::uint64_t keys) {
  std::string after(head_kind);
  for (bool has_more = true; has_more && keys > 0;) {
    std::set<std::string> rows;
    const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
      read.omap_get_keys2(after, std::min(keys, rows_per_page), &rows, &has_more, nullptr);
    };
    const auto found = co_await router_.read_shard(shard, prepare);
    if (!found) co_return found.error();
    if (rows.empty()) break;
    after = *rows.rbegin();
    keys -= rows.size();
  }
  co_return after.substr(head_kind.size());
}

Task<Result<void>> RadosResharder::begin_split(RadosPlace place, FoundShard parent, std::uint64_t left_keys) {
  const auto is_ready = co_await is_on_map(place, parent);
  if (!is_ready) co_return is_ready.error();
  if (!*is_ready) co_return Result<void>{};
  const auto middle = co_await last_key_of(parent.id, left_keys);
  if (!middle) co_return middle.error();
  if (!parent.header.contains(*middle) || *middle == parent.header.high) co_return Result<void>{};
  const ShardId child{random_number()};
  const auto created = co_await create_child(place, parent, child, *middle);
  if (!created) co_return created.error();
  if (const auto allowed = may(RadosStep::freeze); !allowed) co_return allowed;
  ShardHeader frozen = parent.header;
  frozen.state = ShardState::splitting;
  frozen.bound = *middle;
  frozen.other = child;
  librados::ObjectWriteOperation write;
  guard(write, parent);
  const auto is_frozen = co_await replace(parent, frozen, write);
  if (!is_frozen) co_return is_frozen.error();
  if (!*is_frozen) co_return co_await abandon_child(place, child);
  co_return Result<void>{};
}

// The row on the map is for the collector, should this process end before the parent names the child.
Task<Result<void>> RadosResharder::create_child(RadosPlace place, const FoundShard& parent, ShardId child,
                                                std::string middle) {
  if (const auto allowed = may(RadosStep::create); !allowed) co_return allowed;
  librados::ObjectWriteOperation announce;
  announce.assert_exists();
  announce.omap_set({{forming_row(child), to_buffer(encode_forming_entry({parent.id, clock_.now()}))}});
  const auto announced = co_await pool_.write(map_object(place.index), announce);
  if (announced.code < 0) co_return rados_error(announced.code, "a split was not begun");

  ShardHeader header;
  header.index = place.index;
  header.state = ShardState::forming;
  header.low = std::move(middle);
  header.high = parent.header.high;
  header.next = parent.header.next;
  header.changed_at = clock_.now();
  header.nonce = random_number();
  librados::ObjectWriteOperation create;
  create.create(true);
  create.setxattr(header_attribute, to_buffer(encode_shard_header(header, child)));
  const auto created = co_await pool_.write(shard_object(child), create);
  if (created.code < 0) co_return rados_error(created.code, "a shard was not made");
  co_return Result<void>{};
}

// Nobody has ever heard of it.
Task<Result<void>> RadosResharder::abandon_child(RadosPlace place, ShardId child) {
  const auto removed = co_await pool_.remove(shard_object(child));
  if (removed.code < 0 && removed.code != -ENOENT)
    co_return rados_error(removed.code, "a shard was not removed");
  librados::ObjectWriteOperation forget;
  forget.assert_exists();
  forget.omap_rm_keys({forming_row(child)});
  co_await pool_.write(map_object(place.index), forget);
  co_return Result<void>{};
}

Task<Result<void>> RadosResharder::go_on_splitting(RadosPlace place, const FoundShard& parent) {
  const auto child = co_await router_.read_shard(parent.header.other);
  if (!child) co_return child.error();
  if (!*child) {
    // The split is long over, and the child gone since; or it is lost.
    const auto again = co_await router_.read_shard(parent.id);
    if (again && *again && (*again)->header_bytes == parent.header_bytes)
      co_return fail(Errc::storage_corrupt, "one half of a split is missing");
    co_return Result<void>{};
  }
  if ((*child)->header.state == ShardState::forming) {
    const auto is_copied = co_await copy_to_child(place, parent, **child);
    if (!is_copied) co_return is_copied.error();
    if (!*is_copied) co_return Result<void>{};
  }
  co_return co_await switch_over(parent);
}

// Copies what is to move, all of it, whoever has copied of it before. False: somebody else has got further.
Task<Result<bool>> RadosResharder::copy_to_child(RadosPlace place, const FoundShard& parent,
                                                 const FoundShard& child) {
  ShardCounter sum;
  std::string after = head_row(parent.header.bound);
  for (bool has_more = true; has_more;) {
    if (const auto allowed = may(RadosStep::copy); !allowed) co_return allowed.error();
    RadosRows rows;
    CounterRows counters;
    const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
      counters.add_to(read);
      read.omap_get_vals2(after, std::string(head_kind), rows_per_page, &rows, &has_more, nullptr);
    };
    const auto found = co_await router_.read_shard(parent.id, prepare);
    if (!found) co_return found.error();
    const bool is_frozen =
        *found && (*found)->header.state == ShardState::splitting && (*found)->header.other == child.id;
    if (!is_frozen) co_return false;
    sum.version = std::max(sum.version, counters.last_version());
    if (rows.empty()) break;
    librados::ObjectWriteOperation write;
    guard(write, child);
    write.omap_set(with_expiry_rows(place.namespace_id, rows, sum));
    const auto answer = co_await pool_.write(shard_object(child.id), write);
    if (has_lost(answer.code)) co_return false;
    if (answer.code < 0) co_return rados_error(answer.code, "a shard was not copied");
    after = rows.rbegin()->first;
  }

  if (const auto allowed = may(RadosStep::activate); !allowed) co_return allowed.error();
  ShardHeader header = child.header;
  header.state = ShardState::serving;
  librados::ObjectWriteOperation write;
  guard(write, child);
  write.omap_set({{base_counter_row, to_buffer(encode_counter(sum, base_counter_row))}});
  co_return co_await replace(child, header, write);
}

Task<Result<void>> RadosResharder::switch_over(const FoundShard& parent) {
  RadosRows base;
  const std::set<std::string> wanted{base_counter_row};
  const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
    read.omap_get_vals_by_keys(wanted, &base, nullptr);
  };
  const auto child = co_await router_.read_shard(parent.header.other, prepare);
  if (!child) co_return child.error();
  // It is folded only once the child is written to: then the switch is over.
  if (!*child || base.empty()) co_return Result<void>{};
  auto moved = decode_counter(base.begin()->second.to_str(), base_counter_row);
  if (!moved) co_return moved.error();

  if (const auto allowed = may(RadosStep::switch_over); !allowed) co_return allowed;
  ShardHeader header = parent.header;
  header.state = ShardState::trimming;
  header.high = parent.header.bound;
  header.bound = parent.header.high;
  header.next = parent.header.other;
  header.changed_at = clock_.now();
  const std::string row = counter_row(WriterId{random_number()});
  const ShardCounter minus{-moved->keys, -moved->bytes, {}};
  librados::ObjectWriteOperation write;
  guard(write, parent);
  write.omap_set({{row, to_buffer(encode_counter(minus, row))}});
  const auto switched = co_await replace(parent, header, write);
  if (!switched) co_return switched.error();
  co_return Result<void>{};
}

// False: the parent has changed meanwhile. An entry that was read before the parent was found still waiting
// for this step, and that has not been written since, is the one to replace.
Task<Result<bool>> RadosResharder::map_split(RadosPlace place, const FoundShard& parent) {
  const auto entry = co_await router_.map_entry(place.index, parent.header.bound);
  if (!entry) co_return entry.error();
  if (!*entry || (*entry)->shard != parent.id) co_return true;
  if (const auto allowed = may(RadosStep::map); !allowed) co_return allowed.error();
  const auto again = co_await router_.read_shard(parent.id);
  if (!again) co_return again.error();
  if (!*again || (*again)->header_bytes != parent.header_bytes) co_return false;

  const std::string old_row = bound_row(parent.header.bound);
  librados::ObjectWriteOperation write;
  write.omap_cmp({{old_row, {to_buffer((*entry)->bytes), LIBRADOS_CMPXATTR_OP_EQ}}}, nullptr);
  write.omap_rm_keys({forming_row(parent.header.other)});
  write.omap_set({{old_row, to_buffer(new_map_entry(parent.header.other))},
                  {bound_row(parent.header.high), to_buffer(new_map_entry(parent.id))}});
  const auto answer = co_await pool_.write(map_object(place.index), write);
  if (answer.code == -ECANCELED) co_return false;
  if (answer.code == -ENOENT) co_return fail(Errc::namespace_not_found);
  if (answer.code < 0) co_return rados_error(answer.code, "the map of an index was not changed");
  co_return true;
}

// Removes what lies above the bound: what a split has moved away, or a merge that was given up has left.
Task<Result<void>> RadosResharder::trim(RadosPlace place, const FoundShard& shard) {
  if (shard.header.other != ShardId{}) {
    const auto mapped = co_await map_split(place, shard);
    if (!mapped) co_return mapped.error();
    if (!*mapped) co_return Result<void>{};
  }
  for (;;) {
    if (const auto allowed = may(RadosStep::trim); !allowed) co_return allowed;
    RadosRows rows;
    bool has_more = false;
    const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
      read.omap_get_vals2(head_row(shard.header.high), std::string(head_kind), rows_per_page, &rows,
                          &has_more, nullptr);
    };
    const auto found = co_await router_.read_shard(shard.id, prepare);
    if (!found) co_return found.error();
    if (!*found || (*found)->header_bytes != shard.header_bytes) co_return Result<void>{};
    if (rows.empty()) break;
    ShardCounter ignored;
    std::set<std::string> names;
    for (const auto& [row, bytes] : with_expiry_rows(place.namespace_id, rows, ignored)) names.insert(row);
    librados::ObjectWriteOperation write;
    guard(write, shard);
    write.omap_rm_keys(names);
    const auto answer = co_await pool_.write(shard_object(shard.id), write);
    if (has_lost(answer.code)) co_return Result<void>{};
    if (answer.code < 0) co_return rados_error(answer.code, "a shard was not trimmed");
  }

  if (const auto allowed = may(RadosStep::serve); !allowed) co_return allowed;
  ShardHeader header = shard.header;
  header.state = ShardState::serving;
  header.bound.clear();
  header.other = {};
  librados::ObjectWriteOperation write;
  guard(write, shard);
  const auto served = co_await replace(shard, header, write);
  if (!served) co_return served.error();
  co_return Result<void>{};
}

}  // namespace cubby
