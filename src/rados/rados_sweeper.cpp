#include "rados/rados_sweeper.hpp"

#include <algorithm>
#include <tuple>

#include "rados/rados_gather.hpp"
#include "rados/rados_rows.hpp"

namespace cubby {
namespace {

using namespace rados_layout;

// An OSD gives at most 1024 rows at a time.
constexpr std::uint32_t rows_per_page = 1000;

constexpr std::size_t shards_at_once = 16;

// How often all are looked at because one was not where the map had it. Then what was found goes, and the
// rest is found by the next call.
constexpr int searches_max = 3;

// So many shards may fail before a search takes the cluster for gone.
constexpr std::size_t failures_max = 16;

// In the order in which they go.
using DueRow = std::tuple<Instant, NamespaceId, std::string, IndexId>;

}  // namespace

struct RadosSweeper::Search {
  Instant now;
  std::size_t rows_max = 0;
  RadosOwnShards::List shards{};
  std::size_t next = 0;  // of the shards, to be looked at
  bool is_last = false;
  bool is_outdated = false;
  std::size_t failures = 0;
  Result<void> outcome{};  // the first failure
  std::vector<DueRow> due{};

  bool is_over() const {
    return next == shards.size() || (is_outdated && !is_last) || failures == failures_max;
  }

  // What is damaged in one shard must not keep the others.
  void take(const Result<void>& result) {
    if (result) return;
    if (outcome) outcome = result;
    ++failures;
  }

  // The earliest, and one more than may go, each once: while two shards merge, both have what moves.
  void keep_earliest() {
    std::sort(due.begin(), due.end());
    due.erase(std::unique(due.begin(), due.end()), due.end());
    if (due.size() > rows_max + 1)
      due.erase(due.begin() + static_cast<std::ptrdiff_t>(rows_max) + 1, due.end());
  }
};

Task<Result<Swept>> RadosSweeper::sweep(Instant now, std::uint32_t rows_max) {
  for (int searches = 1;; ++searches) {
    const auto catalog = co_await catalog_.current();
    if (!catalog) co_return catalog.error();
    auto shards = co_await shards_.list(*catalog);
    if (!shards) co_return shards.error();
    Search search{.now = now,
                  .rows_max = std::min(rows_max, rows_per_page),
                  .shards = std::move(*shards),
                  .is_last = searches == searches_max};
    std::vector<Task<Result<void>>> lookers;
    for (std::size_t i = 0; i < std::min(shards_at_once, search.shards.size()); ++i)
      lookers.push_back(look_at_some(search));
    [[maybe_unused]] const auto looked = co_await gather(std::move(lookers), shards_at_once);
    if (search.is_outdated && !search.is_last) continue;
    search.keep_earliest();
    const bool is_done = search.due.size() <= search.rows_max;
    if (!is_done) search.due.pop_back();
    const std::uint32_t removed = co_await remove(search);
    if (!search.outcome) co_return search.outcome.error();
    co_return Swept{.rows = removed, .is_done = is_done};
  }
}

// ---- What is due

// One after the other, of those that no other looker has begun.
Task<Result<void>> RadosSweeper::look_at_some(Search& search) {
  while (!search.is_over()) {
    const OwnShard& own = *search.shards[search.next++];
    if (!parts_.has_part_of(own.shard)) continue;
    search.take(co_await look_at(own, search));
    if (search.due.size() > 4 * (search.rows_max + rows_per_page)) search.keep_earliest();
  }
  co_return Result<void>{};
}

// A shard that has split since is looked at with those that it has split into: nobody may know of them yet.
// One that has merged with its neighbour on the left is gone, and all is looked at again, for the neighbour
// may have been before it took over.
Task<Result<void>> RadosSweeper::look_at(const OwnShard& own, Search& search) {
  std::string low = own.low;
  for (ShardId each = own.shard; low < own.high;) {
    const auto found = co_await read_due(own.place, each, search);
    if (!found) co_return found.error();
    const bool is_outdated = !*found || (*found)->header.low > low || (*found)->header.high <= low;
    if (is_outdated) {
      shards_.forget(own.place.index);
      search.is_outdated = true;
      break;
    }
    if ((*found)->header.state == ShardState::removed) break;
    low = (*found)->header.high;
    each = (*found)->header.next;
  }
  co_return Result<void>{};
}

// Adds the earliest rows of a shard to `search`, as many as may go and one more. Nothing: it is no more, or
// has taken in its neighbour meanwhile.
Task<Result<std::optional<FoundShard>>> RadosSweeper::read_due(RadosPlace place, ShardId shard,
                                                               Search& search) {
  const std::string end = first_expiry_row_after(search.now);
  std::string after;
  std::string high = last_bound;
  for (std::size_t count = 0;;) {
    RadosRows rows;
    bool has_more = false;
    const auto wanted = std::min<std::uint64_t>(search.rows_max + 1, rows_per_page);
    const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
      read.omap_get_vals2(after, std::string(expiry_kind), wanted, &rows, &has_more, nullptr);
    };
    auto found = co_await router_.read_shard(shard, prepare);
    if (!found || !*found) co_return found;
    if ((*found)->header.high > high) co_return std::optional<FoundShard>();
    high = (*found)->header.high;
    for (const auto& [row, bytes] : rows) {
      if (row >= end) co_return found;
      after = row;
      auto parsed = parse_expiry_row(row);
      if (!parsed) co_return parsed.error();
      // What a split has moved away may not have been removed yet.
      if (!(*found)->header.contains(parsed->key)) continue;
      search.due.emplace_back(parsed->due, place.namespace_id, std::move(parsed->key), place.index);
      ++count;
    }
    if (!has_more || count > search.rows_max) co_return found;
  }
}

// ---- What goes

Task<std::uint32_t> RadosSweeper::remove(Search& search) {
  std::map<std::pair<NamespaceId, IndexId>, std::vector<RadosItem>> items;
  for (auto& [second, id, key, index] : search.due)
    items[{id, index}].emplace_back(ExpiryRow{second, std::move(key)});
  std::uint32_t removed = 0;
  for (auto& [place, rows] : items) {
    const auto applied =
        co_await applier_.apply({place.first, place.second}, std::move(rows), Timestamp(search.now));
    if (!applied && applied.error().code == Errc::namespace_not_found) continue;
    if (applied)
      removed += applied->removed;
    else
      search.take(applied.error());
  }
  co_return removed;
}

}  // namespace cubby
