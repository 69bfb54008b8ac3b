#include "rados/rados_usage.hpp"

#include <algorithm>

#include "rados/rados_gather.hpp"
#include "rados/rados_rows.hpp"

namespace cubby {

using namespace rados_layout;

namespace {

constexpr std::size_t shards_at_once = 16;

// Rows of the expiry index. Hardly any are due, where somebody sweeps; an OSD gives at most 1024 at a time.
constexpr std::uint64_t few_rows = 32;
constexpr std::uint64_t many_rows = 1000;

// How often a count is begun again because shards have split or merged meanwhile.
constexpr int counts_max = 10;

Usage usage_of(const ShardCounter& counter) {
  return {static_cast<std::uint64_t>(std::max<std::int64_t>(counter.keys, 0)),
          static_cast<std::uint64_t>(std::max<std::int64_t>(counter.bytes, 0))};
}

}  // namespace

// What one shard holds.
struct RadosUsage::ShardSum {
  std::string low;
  std::string high;
  ShardCounter counted;

  bool is_of(const ShardHeader& header) const { return header.low == low && header.high == high; }

  // False: `row` is of a later second than `end`.
  Result<bool> take_off(const std::string& row, const ceph::bufferlist& bytes, const std::string& end) {
    if (row >= end) return false;
    const auto due = parse_expiry_row(row);
    if (!due) return due.error();
    if (due->key > low && due->key <= high) {
      --counted.keys;
      counted.bytes -= static_cast<std::int64_t>(number_in(bytes.to_str()));
    }
    return true;
  }
};

// What all keys up to `high` hold.
struct RadosUsage::Sum {
  std::string high;
  ShardCounter counted;

  void add(const ShardSum& shard) {
    high = shard.high;
    counted.keys += shard.counted.keys;
    counted.bytes += shard.counted.bytes;
  }
};

Task<Result<CountedUsage>> RadosUsage::of(RadosPlace place, Instant now) {
  if (const auto kept = kept_.find(place.index, now)) co_return *kept;
  auto first = co_await router_.map_page(place.index, "", shards_per_page_);
  if (!first) co_return first.error();
  const bool costs_much = first->has_more;
  auto counting = count(place, now, std::move(*first));
  if (costs_much) co_return co_await kept_.count(place.index, now, std::move(counting));
  const auto usage = co_await std::move(counting);
  if (!usage) co_return usage.error();
  co_return CountedUsage{*usage};
}

Task<Result<Usage>> RadosUsage::count(RadosPlace place, Instant now, MapPage first) {
  for (int tries = 0; tries < counts_max; ++tries) {
    Sum sum;
    const auto is_all = co_await add_all(place, now, first, sum);
    if (!is_all) co_return is_all.error();
    if (*is_all) co_return usage_of(sum.counted);
  }
  co_return fail(Errc::storage_unavailable, "the index changes all the time");
}

// ---- From the left to the right. False: what was read is not of one state; begin again.

Task<Result<bool>> RadosUsage::add_all(RadosPlace place, Instant now, MapPage page, Sum& sum) {
  for (;;) {
    const auto added = co_await add(place, now, page, sum);
    if (!added || !*added) co_return added;
    if (!page.has_more) break;
    auto next = co_await router_.map_page(place.index, page.high, shards_per_page_);
    if (!next) co_return next.error();
    page = std::move(*next);
  }
  co_return co_await go_on_to(place, now, last_bound, sum);
}

// The map is a hint: that every key is counted, and once, is told by the ranges in the headers. What was read
// at different moments adds up as long as these do, for a split or a merge changes no key.
Task<Result<bool>> RadosUsage::add(RadosPlace place, Instant now, const MapPage& page, Sum& sum) {
  bool has_failed = false;
  std::vector<Task<Result<std::optional<ShardSum>>>> reads;
  reads.reserve(page.shards.size());
  for (const ShardId each : page.shards) reads.push_back(read_unless(has_failed, each, now));
  const auto shards = co_await gather(std::move(reads), shards_at_once);
  for (const auto& each : shards)
    if (!each) co_return each.error();
  for (const auto& each : shards) {
    if (!*each) continue;  // its keys are in another shard
    const ShardSum& shard = **each;
    const auto reached = co_await go_on_to(place, now, shard.low, sum);
    if (!reached || !*reached) co_return reached;
    if (shard.high <= sum.high) continue;  // its neighbour had it already
    if (shard.low != sum.high) co_return false;
    sum.add(shard);
  }
  co_return true;
}

// Adds the shards that the map did not name.
Task<Result<bool>> RadosUsage::go_on_to(RadosPlace place, Instant now, const std::string& bound, Sum& sum) {
  while (sum.high < bound) {
    KeyPosition position{sum.high, true};
    const auto found = co_await router_.read(place, std::move(position), nullptr);
    if (!found) co_return found.error();
    const auto shard = co_await read(found->id, now);
    if (!shard) co_return shard.error();
    // One that begins before holds keys that have been counted.
    if (!*shard || (*shard)->low != sum.high) co_return false;
    sum.add(**shard);
  }
  co_return true;
}

// ---- One shard

Task<Result<std::optional<RadosUsage::ShardSum>>> RadosUsage::read_unless(bool& has_failed, ShardId shard,
                                                                          Instant now) {
  if (has_failed) co_return std::nullopt;
  auto sum = co_await read(shard, now);
  if (!sum) has_failed = true;
  co_return sum;
}

// Nothing: no keys are looked for there, or not any more.
Task<Result<std::optional<RadosUsage::ShardSum>>> RadosUsage::read(ShardId shard, Instant now) {
  const std::string end = first_expiry_row_after(now);
  CounterRows counters;
  RadosRows rows;
  bool has_more = false;
  std::string after;
  std::uint64_t rows_wanted = few_rows;
  const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
    counters.add_to(read);
    rows.clear();
    read.omap_get_vals2(after, std::string(expiry_kind), rows_wanted, &rows, &has_more, nullptr);
  };
  std::optional<ShardSum> sum;
  ShardCounter first_counted;
  int changes = 0;
  for (;;) {
    const auto found = co_await router_.read_shard(shard, prepare);
    if (!found) co_return found.error();
    if (!*found) co_return std::nullopt;
    const ShardHeader& header = (*found)->header;
    if (header.state == ShardState::removed) co_return fail(Errc::namespace_not_found);
    if (header.state == ShardState::forming) co_return std::nullopt;
    const auto counted = counters.sum();
    if (!counted) co_return counted.error();
    // Counters and rows that are read at once agree, whoever sweeps meanwhile; more rows must be of the same
    // state.
    if (sum && !(*counted == first_counted) && ++changes < counts_max) {
      sum.reset();
      after.clear();
      continue;
    }
    if (!sum) {
      first_counted = *counted;
      sum = ShardSum{header.low, header.high, *counted};
    }
    if (!sum->is_of(header)) co_return std::nullopt;
    bool is_due = true;
    for (auto row = rows.begin(); is_due && row != rows.end(); ++row) {
      const auto taken = sum->take_off(row->first, row->second, end);
      if (!taken) co_return taken.error();
      is_due = *taken;
    }
    if (!is_due || !has_more) co_return sum;
    if (rows_wanted == few_rows)
      sum.reset();
    else
      after = rows.rbegin()->first;
    rows_wanted = many_rows;
  }
}

}  // namespace cubby
