#include "rados/rados_index.hpp"

#include <cerrno>

#include "rados/rados_rows.hpp"

namespace cubby {

using namespace rados_layout;

namespace {

constexpr std::uint64_t rows_per_page = 500;

// A split that has not got anywhere for so long was begun by a process that is no more.
constexpr std::chrono::hours split_may_take{1};

// So many values may fail to go, each after the time that a cluster is waited for; the next time begins
// behind them.
constexpr std::size_t failures_max = 2;

constexpr std::string_view kinds_of_a_map[] = {bound_kind, forming_kind};
constexpr std::string_view kinds_with_bodies[] = {garbage_kind, head_kind};

Error stopped() {
  return fail(Errc::storage_unavailable, "the rest is done later");
}

}  // namespace

// ---- Beginning and end

Task<Result<void>> RadosIndexes::make(IndexId index) {
  const ShardId first{random_number()};
  ShardHeader header;
  header.index = index;
  header.high = last_bound;
  header.changed_at = clock_.now();
  header.nonce = random_number();
  librados::ObjectWriteOperation shard;
  shard.create(true);
  shard.setxattr(header_attribute, to_buffer(encode_shard_header(header, first)));
  const auto made = co_await index_.write(shard_object(first), shard);
  if (made.code < 0) co_return rados_error(made.code, "a shard was not made");
  librados::ObjectWriteOperation map;
  map.create(true);
  map.omap_set({{bound_row(last_bound), to_buffer(new_map_entry(first))}});
  const auto mapped = co_await index_.write(map_object(index), map);
  if (mapped.code < 0) co_return rados_error(mapped.code, "the map of an index was not made");
  co_return Result<void>{};
}

Task<void> RadosIndexes::unmake(IndexId index) {
  const auto first = co_await router_.map_entry(index, last_bound);
  if (first && *first) co_await index_.remove(shard_object((*first)->shard));
  co_await index_.remove(map_object(index));
}

// From left to right: what has been marked neither splits nor merges any more, so that none behind it is
// missed.
Task<Result<void>> RadosIndexes::fence(RadosPlace place) {
  const KeyPosition beginning{"", true};
  const auto first = co_await router_.look_up(place.index, beginning);
  if (!first && first.error().code == Errc::namespace_not_found) co_return Result<void>{};
  if (!first) co_return first.error();
  for (ShardId each = *first; each != ShardId{};) {
    if (is_stopping_) co_return stopped();
    const auto found = co_await router_.read_shard(each);
    if (!found) co_return found.error();
    if (!*found) break;  // it is being erased
    ShardHeader header = (*found)->header;
    if (header.state != ShardState::serving && header.state != ShardState::removed) {
      const auto finished = co_await balancer_.finish(place, each);
      if (!finished) co_return finished.error();
      continue;
    }
    if (header.state == ShardState::serving) {
      header.state = ShardState::removed;
      librados::ObjectWriteOperation mark;
      RadosResharder::guard(mark, **found);
      const auto marked = co_await balancer_.resharder().replace(**found, header, mark);
      if (!marked) co_return marked.error();
      if (!*marked) continue;
    }
    each = header.next;
  }
  co_return Result<void>{};
}

Task<Result<void>> RadosIndexes::erase(RadosPlace place, Stopwatch::time_point until) {
  if (const auto fenced = co_await fence(place); !fenced) co_return fenced.error();
  for (const std::string_view kind : kinds_of_a_map) {
    for (;;) {
      RadosRows rows;
      librados::ObjectReadOperation read;
      read.omap_get_vals2("", std::string(kind), rows_per_page, &rows, nullptr, nullptr);
      const auto answer = co_await index_.read(map_object(place.index), read);
      if (answer.code == -ENOENT) break;
      if (answer.code < 0) co_return rados_error(answer.code, "the map of an index was not read");
      if (rows.empty()) break;
      for (const auto& [row, bytes] : rows) {
        if (is_stopping_ || Stopwatch::now() > until) co_return stopped();
        const ShardId shard =
            kind == bound_kind ? shard_in_map_entry(bytes.to_str()) : parse_forming_row(row);
        if (const auto erased = co_await erase_shard(place, shard); !erased) co_return erased.error();
        // Only when the shard is gone: the map is what leads to it.
        if (const auto gone = co_await remove_row(map_object(place.index), row); !gone)
          co_return gone.error();
      }
    }
  }
  const auto removed = co_await index_.remove(map_object(place.index));
  if (removed.code < 0 && removed.code != -ENOENT)
    co_return rados_error(removed.code, "the map of an index was not removed");
  co_return Result<void>{};
}

// Values first: the shard is what tells where they are.
Task<Result<void>> RadosIndexes::erase_shard(RadosPlace place, ShardId shard) {
  if (const auto removed = co_await remove_bodies(place, shard); !removed) co_return removed.error();
  const auto removed = co_await index_.remove(shard_object(shard));
  if (removed.code < 0 && removed.code != -ENOENT)
    co_return rados_error(removed.code, "a shard was not removed");
  co_return Result<void>{};
}

Task<Result<void>> RadosIndexes::remove_bodies(RadosPlace place, ShardId shard) {
  for (const std::string_view kind : kinds_with_bodies) {
    std::string after;
    for (bool has_more = true; has_more;) {
      RadosRows rows;
      const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
        read.omap_get_vals2(after, std::string(kind), rows_per_page, &rows, &has_more, nullptr);
      };
      const auto found = co_await router_.read_shard(shard, prepare);
      if (!found) co_return found.error();
      if (!*found) co_return Result<void>{};
      for (const auto& [row, bytes] : rows) {
        if (is_stopping_) co_return stopped();
        after = row;
        const std::string record = bytes.to_str();
        RadosBody body;
        if (kind == garbage_kind) {
          body = {parse_garbage_body(row), number_in(record)};
        } else {
          const auto head = decode_head(record, head_place(place.namespace_id, row.substr(head_kind.size())));
          // What a damaged head names stays for ever; the rest must go.
          const auto* const ref = head ? std::get_if<BodyRef>(&head->body) : nullptr;
          if (!ref) continue;
          body = {ref->id, head->value_bytes};
        }
        if (const auto removed = co_await remove_body(data_, body); !removed) co_return removed.error();
      }
      if (rows.empty()) break;
    }
  }
  co_return Result<void>{};
}

Task<Result<void>> RadosIndexes::remove_row(std::string object, std::string row) {
  std::set<std::string> rows{std::move(row)};
  return remove_rows(std::move(object), std::move(rows));
}

Task<Result<void>> RadosIndexes::remove_rows(std::string object, std::set<std::string> rows) {
  librados::ObjectWriteOperation forget;
  forget.assert_exists();
  forget.omap_rm_keys(rows);
  const auto answer = co_await index_.write(object, forget);
  if (answer.code < 0 && answer.code != -ENOENT) co_return rados_error(answer.code, "rows were not removed");
  co_return Result<void>{};
}

// ---- In between

Task<Result<bool>> RadosIndexes::tend(RadosPlace place, ShardId shard, Stopwatch::time_point until) {
  if (is_stopping_) co_return stopped();
  CounterRows counters;
  const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) { counters.add_to(read); };
  const auto found = co_await router_.read_shard(shard, prepare);
  if (!found) co_return found.error();
  if (!*found) co_return false;
  const ShardHeader& header = (*found)->header;
  if (header.state == ShardState::removed) co_return true;
  const auto sum = counters.sum();
  if (!sum) co_return sum.error();
  const auto keys = static_cast<std::uint64_t>(std::max<std::int64_t>(sum->keys, 0));
  const bool is_alone = header.low.empty() && header.high == last_bound;
  const bool is_small = keys < sharding_.merge_keys && !is_alone;
  if (header.state != ShardState::serving || keys > sharding_.split_keys || is_small)
    balancer_.visit(place, shard);
  if (const auto removed = co_await remove_garbage(shard, until); !removed) co_return removed.error();
  co_return true;
}

// What has been done of it, and how it ends.
struct RadosIndexes::Garbage {
  Stopwatch::time_point until;
  std::string after{};  // the row that was tried last
  bool is_over = false;
  std::size_t failures = 0;
  Result<void> outcome{};  // the first failure
};

// From the earliest on. A value that cannot be removed now must not keep those behind it.
Task<Result<void>> RadosIndexes::remove_garbage(ShardId shard, Stopwatch::time_point until) {
  Garbage garbage{.until = until};
  {
    const std::scoped_lock lock(mutex_);
    if (auto row = go_on_at_.extract(shard)) garbage.after = std::move(row.mapped());
  }
  while (!garbage.is_over) {
    RadosRows rows;
    bool has_more = false;
    const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
      rows.clear();
      read.omap_get_vals2(garbage.after, std::string(garbage_kind), rows_per_page, &rows, &has_more, nullptr);
    };
    const auto found = co_await router_.read_shard(shard, prepare);
    if (!found) co_return found.error();
    if (!*found || rows.empty()) break;
    auto done = co_await remove_due(rows, garbage);
    if (!done.empty()) {
      const auto forgotten = co_await remove_rows(shard_object(shard), std::move(done));
      if (!forgotten) co_return forgotten;
    }
    if (!has_more) break;
  }
  if (garbage.failures == failures_max) {
    const std::scoped_lock lock(mutex_);
    go_on_at_[shard] = std::move(garbage.after);
  }
  co_return garbage.outcome;
}

// Answers the rows whose values are gone. Time that is lost on one that fails is not taken from the others.
Task<std::set<std::string>> RadosIndexes::remove_due(const RadosRows& rows, Garbage& garbage) {
  std::set<std::string> done;
  for (const auto& [row, bytes] : rows) {
    const auto begun = Stopwatch::now();
    garbage.is_over = is_stopping_ || begun > garbage.until || parse_garbage_due(row) > clock_.now() ||
                      garbage.failures == failures_max;
    if (garbage.is_over) break;
    const RadosBody body{parse_garbage_body(row), number_in(bytes.to_str())};
    garbage.after = row;
    if (const auto removed = co_await remove_body(data_, body)) {
      done.insert(row);
    } else {
      if (garbage.outcome) garbage.outcome = removed;
      ++garbage.failures;
      garbage.until += Stopwatch::now() - begun;
    }
  }
  co_return done;
}

Task<Result<void>> RadosIndexes::end_old_splits(RadosPlace place) {
  if (is_stopping_) co_return stopped();
  RadosRows rows;
  librados::ObjectReadOperation read;
  read.omap_get_vals2("", std::string(forming_kind), rows_per_page, &rows, nullptr, nullptr);
  const auto answer = co_await index_.read(map_object(place.index), read);
  if (answer.code < 0) co_return rados_error(answer.code, "the map of an index was not read");
  for (const auto& [row, bytes] : rows) {
    const auto entry = decode_forming_entry(bytes.to_str());
    if (entry.begun > clock_.now() - split_may_take) continue;
    const auto ended = co_await end_split(place, parse_forming_row(row), entry.parent);
    if (!ended) co_return ended.error();
    if (!*ended) continue;
    if (const auto gone = co_await remove_row(map_object(place.index), row); !gone) co_return gone.error();
  }
  co_return Result<void>{};
}

// A new header of the parent keeps it from naming this child any more; then the child, if it is still being
// filled, never serves. False: later.
Task<Result<bool>> RadosIndexes::end_split(RadosPlace place, ShardId child, ShardId parent) {
  const auto splitting = co_await router_.read_shard(parent);
  if (!splitting) co_return splitting.error();
  if (*splitting) {
    if ((*splitting)->header.other == child) {
      balancer_.visit(place, parent);
      co_return false;
    }
    librados::ObjectWriteOperation bump;
    RadosResharder::guard(bump, **splitting);
    const auto bumped = co_await balancer_.resharder().replace(**splitting, (*splitting)->header, bump);
    if (!bumped || !*bumped) co_return bumped;
  }
  const auto left = co_await router_.read_shard(child);
  if (!left) co_return left.error();
  if (!*left || (*left)->header.state != ShardState::forming) co_return true;
  librados::ObjectWriteOperation remove;
  RadosResharder::guard(remove, **left);
  remove.remove();
  const auto removed = co_await index_.write(shard_object(child), remove);
  if (removed.code < 0 && removed.code != -ENOENT && removed.code != -ECANCELED)
    co_return rados_error(removed.code, "a shard was not removed");
  co_return true;
}

}  // namespace cubby
