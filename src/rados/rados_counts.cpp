#include "rados/rados_counts.hpp"

#include <algorithm>
#include <cerrno>

#include "core/expiration.hpp"
#include "store/ordering.hpp"

namespace cubby {

using namespace rados_layout;

namespace {

// An OSD gives at most 1024 rows at a time.
constexpr std::uint64_t rows_per_page = 1000;

// How often a count is begun again because somebody has written, split or merged meanwhile.
constexpr int counts_max = 10;

}  // namespace

// Nothing: the shard has changed meanwhile.
Task<Result<std::optional<RadosCounts::Counted>>> RadosCounts::count(RadosPlace place,
                                                                     const FoundShard& shard, Instant now,
                                                                     RadosRows rows) {
  Counted counted;
  std::string after;
  const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
    rows.clear();
    read.omap_get_vals2(after, std::string(head_kind), rows_per_page, &rows, nullptr, nullptr);
  };
  while (!rows.empty()) {
    for (const auto& [row, bytes] : rows) {
      const std::string key = row.substr(head_kind.size());
      const std::string record = bytes.to_str();
      const auto head = decode_head(record, head_place(place.namespace_id, key));
      if (!head) co_return head.error();
      const std::uint64_t size = counted_of(key, *head);
      counted.all = {counted.all.keys + 1, counted.all.bytes + size};
      if (!is_expired(head->expiration, now))
        counted.live = {counted.live.keys + 1, counted.live.bytes + size};
    }
    after = rows.rbegin()->first;
    const auto next = co_await router_.read_shard(shard.id, prepare);
    if (!next) co_return next.error();
    if (!*next || (*next)->object_version != shard.object_version) co_return std::nullopt;
  }
  co_return counted;
}

Task<Result<FoundShard>> RadosCounts::recount_shard(RadosPlace place, KeyPosition position, Instant now,
                                                    Usage& live) {
  CounterRows counters;
  RadosRows rows;
  const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
    counters.add_to(read);
    rows.clear();
    read.omap_get_vals2("", std::string(head_kind), rows_per_page, &rows, nullptr, nullptr);
  };
  for (int tries = 0; tries < counts_max; ++tries) {
    auto shard = co_await router_.read(place, position, prepare);
    if (!shard) co_return shard.error();
    if (shard->header.state != ShardState::serving) {
      const auto finished = co_await balancer_.finish(place, shard->id);
      if (!finished) co_return finished.error();
      continue;
    }
    const auto total = counters.sum();
    const auto counted = co_await count(place, *shard, now, std::move(rows));
    if (!counted) co_return counted.error();
    if (!*counted) continue;
    const Usage& all = (*counted)->all;
    const ShardCounter correction{static_cast<std::int64_t>(all.keys) - (total ? total->keys : 0),
                                  static_cast<std::int64_t>(all.bytes) - (total ? total->bytes : 0),
                                  {}};
    const bool is_right = total && correction == ShardCounter{};
    live = (*counted)->live;
    if (is_right) co_return std::move(*shard);
    // As it was counted, or not at all. The correction is a writer of its own, or a writer in flight would
    // have to begin again. Counters that are damaged go.
    librados::ObjectWriteOperation correct;
    correct.assert_version(shard->object_version);
    std::set<std::string> damaged;
    for (const auto& [row, bytes] : counters.rows()) damaged.insert(row);
    if (!total && !damaged.empty()) correct.omap_rm_keys(damaged);
    const std::string row = counter_row(WriterId{random_number()});
    correct.omap_set({{row, to_buffer(encode_counter(correction, row))}});
    const auto corrected = co_await index_.write(shard_object(shard->id), correct);
    if (corrected.code >= 0) co_return std::move(*shard);
    if (corrected.code != -ERANGE && corrected.code != -EOVERFLOW && corrected.code != -ENOENT)
      co_return rados_error(corrected.code, "the counters were not corrected");
  }
  co_return fail(Errc::storage_unavailable, "the namespace is being written to all the time");
}

// Whoever begins before the position has been merged with what was counted.
Task<Result<Usage>> RadosCounts::recount(RadosPlace place, Instant now) {
  for (int tries = 0; tries < counts_max; ++tries) {
    Usage total;
    KeyPosition position{"", true};
    for (;;) {
      Usage live;
      const auto shard = co_await recount_shard(place, position, now, live);
      if (!shard) co_return shard.error();
      if (shard->header.low != position.text) break;
      total.keys += live.keys;
      total.bytes += live.bytes;
      position.text = shard->header.high;
      if (position.text == last_bound) co_return total;
    }
  }
  co_return fail(Errc::storage_unavailable, "the index changes all the time");
}

}  // namespace cubby
