#include "rados/rados_own_shards.hpp"

#include <algorithm>
#include <cerrno>

#include "rados/rados_gather.hpp"
#include "rados/rados_rows.hpp"

namespace cubby {
namespace {

using namespace rados_layout;

constexpr std::chrono::minutes trusted_for{1};

// An OSD gives at most 1024 rows at a time.
constexpr std::uint64_t rows_per_page = 1000;

constexpr std::size_t maps_at_once = 16;

}  // namespace

Task<Result<RadosOwnShards::List>> RadosOwnShards::list(RadosCatalog::Shared catalog) {
  const RadosParts::Set parts = parts_.held();
  if (parts.none()) co_return List();
  std::vector<RadosPlace> places;
  for (const auto& [id, index] : catalog->indexes)
    if (!is_known(index, parts)) places.push_back({id, index});
  std::size_t next = 0;
  std::vector<Task<Result<void>>> readers;
  for (std::size_t i = 0; i < std::min(maps_at_once, places.size()); ++i)
    readers.push_back(read_some(places, next, parts));
  const auto answers = co_await gather(std::move(readers), maps_at_once);
  const auto has_failed = [](const Result<void>& each) { return !each; };
  const bool is_cluster_gone = !answers.empty() && std::all_of(answers.begin(), answers.end(), has_failed);
  if (is_cluster_gone) co_return answers.front().error();

  List all;
  std::set<IndexId> indexes;
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, index] : catalog->indexes) {
    indexes.insert(index);
    const auto known = known_.find(index);
    if (known == known_.end()) continue;
    all.insert(all.end(), known->second.shards.begin(), known->second.shards.end());
  }
  std::erase_if(known_, [&](const auto& each) { return !indexes.contains(each.first); });
  co_return all;
}

void RadosOwnShards::forget(IndexId index) {
  const std::scoped_lock lock(mutex_);
  known_.erase(index);
}

bool RadosOwnShards::is_known(IndexId index, RadosParts::Set parts) {
  const std::scoped_lock lock(mutex_);
  const auto known = known_.find(index);
  return known != known_.end() && known->second.parts == parts &&
         Clock::now() - known->second.read_at < trusted_for;
}

// One after the other, of those that no other reader has begun. Ends with the first that fails: what is
// damaged in one index must not keep the others.
Task<Result<void>> RadosOwnShards::read_some(const std::vector<RadosPlace>& places, std::size_t& next,
                                             RadosParts::Set parts) {
  while (next < places.size()) {
    const RadosPlace place = places[next++];
    const auto begun = Clock::now();
    auto shards = co_await read(place, parts);
    if (!shards) co_return shards.error();
    const std::scoped_lock lock(mutex_);
    known_.insert_or_assign(place.index, Known{begun, parts, std::move(*shards)});
  }
  co_return Result<void>{};
}

// An index without a map is one that has been removed.
Task<Result<RadosOwnShards::List>> RadosOwnShards::read(RadosPlace place, RadosParts::Set parts) {
  List shards;
  std::string low;
  std::string after;
  for (bool has_more = true; has_more;) {
    RadosRows rows;
    librados::ObjectReadOperation page;
    page.omap_get_vals2(after, std::string(bound_kind), rows_per_page, &rows, &has_more, nullptr);
    const auto answer = co_await index_.read(map_object(place.index), page);
    if (answer.code == -ENOENT) co_return List();
    if (answer.code < 0) co_return rados_error(answer.code, "the map of an index was not read");
    if (rows.empty()) break;
    for (const auto& [row, bytes] : rows) {
      const ShardId shard = shard_in_map_entry(bytes.to_str());
      std::string high = row.substr(bound_kind.size());
      if (parts[RadosParts::part_of(shard)])
        shards.push_back(std::make_shared<const OwnShard>(OwnShard{place, shard, low, high}));
      low = std::move(high);
    }
    after = rows.rbegin()->first;
  }
  co_return shards;
}

}  // namespace cubby
