#include "rados/rados_router.hpp"

#include <cerrno>

namespace cubby {

using namespace rados_layout;

namespace {

// So many ranges are remembered, about 100 bytes each; then it begins anew.
constexpr std::size_t ranges_max = 100'000;

// So many shards are asked for one position. More than a few only if splits happen all the time.
constexpr int asked_max = 100;

}  // namespace

std::optional<RadosRouter::Seen> RadosRouter::seen_at(IndexId index, const KeyPosition& position) const {
  const std::scoped_lock lock(mutex_);
  const auto ranges = seen_.find(index);
  if (ranges == seen_.end()) return {};
  const auto found = position.is_behind ? ranges->second.upper_bound(position.text)
                                        : ranges->second.lower_bound(position.text);
  if (found == ranges->second.end()) return {};
  const auto& [high, range] = *found;
  const bool is_in = position.is_behind ? range.low <= position.text : range.low < position.text;
  if (!is_in) return {};
  return Seen{range.shard, high};
}

std::optional<RadosRouter::Seen> RadosRouter::seen(IndexId index, const std::string& key) const {
  return seen_at(index, {key});
}

void RadosRouter::learn(IndexId index, ShardId shard, const ShardHeader& header) {
  const std::scoped_lock lock(mutex_);
  if (seen_count_ >= ranges_max) {
    seen_.clear();
    seen_count_ = 0;
  }
  const auto [entry, is_new] = seen_[index].insert_or_assign(header.high, Range{header.low, shard});
  if (is_new) ++seen_count_;
}

void RadosRouter::forget(IndexId index, const std::string& high) {
  const std::scoped_lock lock(mutex_);
  const auto ranges = seen_.find(index);
  if (ranges != seen_.end()) seen_count_ -= ranges->second.erase(high);
}

// The first bound that is not to the left of the position.
Task<Result<ShardId>> RadosRouter::look_up(IndexId index, KeyPosition position) {
  librados::ObjectReadOperation read;
  std::map<std::string, ceph::bufferlist> equal;
  std::map<std::string, ceph::bufferlist> greater;
  bool has_more = false;
  const std::string row = bound_row(position.text);
  if (!position.is_behind) read.omap_get_vals_by_keys({row}, &equal, nullptr);
  read.omap_get_vals2(row, std::string(bound_kind), 1, &greater, &has_more, nullptr);
  const auto answer = co_await pool_.read(map_object(index), read);
  if (answer.code == -ENOENT) co_return fail(Errc::namespace_not_found);
  if (answer.code < 0) co_return rados_error(answer.code, "the map of an index was not read");
  const auto& rows = equal.empty() ? greater : equal;
  if (rows.empty()) co_return fail(Errc::namespace_not_found);  // it is being removed
  co_return shard_in_map_entry(rows.begin()->second.to_str());
}

Task<Result<MapPage>> RadosRouter::map_page(IndexId index, std::string after, std::uint64_t shards_max) {
  librados::ObjectReadOperation read;
  std::map<std::string, ceph::bufferlist> rows;
  MapPage page;
  read.omap_get_vals2(bound_row(after), std::string(bound_kind), shards_max, &rows, &page.has_more, nullptr);
  const auto answer = co_await pool_.read(map_object(index), read);
  if (answer.code == -ENOENT) co_return fail(Errc::namespace_not_found);
  if (answer.code < 0) co_return rados_error(answer.code, "the map of an index was not read");
  for (const auto& [row, bytes] : rows) page.shards.push_back(shard_in_map_entry(bytes.to_str()));
  if (!rows.empty()) page.high = rows.rbegin()->first.substr(bound_kind.size());
  co_return page;
}

Task<Result<std::optional<MapEntry>>> RadosRouter::map_entry(IndexId index, const std::string& high) {
  librados::ObjectReadOperation read;
  std::map<std::string, ceph::bufferlist> rows;
  read.omap_get_vals_by_keys({bound_row(high)}, &rows, nullptr);
  const auto answer = co_await pool_.read(map_object(index), read);
  if (answer.code == -ENOENT) co_return fail(Errc::namespace_not_found);
  if (answer.code < 0) co_return rados_error(answer.code, "the map of an index was not read");
  if (rows.empty()) co_return std::optional<MapEntry>();
  std::string bytes = rows.begin()->second.to_str();
  const ShardId shard = shard_in_map_entry(bytes);
  co_return MapEntry{shard, std::move(bytes)};
}

Task<Result<std::optional<FoundShard>>> RadosRouter::read_shard(ShardId shard, Prepare prepare) {
  librados::ObjectReadOperation read;
  ceph::bufferlist header;
  read.getxattr(header_attribute, &header, nullptr);
  if (prepare) prepare(read);
  const auto answer = co_await pool_.read(shard_object(shard), read);
  if (answer.code == -ENOENT) co_return std::optional<FoundShard>();
  if (answer.code < 0) co_return rados_error(answer.code, "a shard was not read");
  FoundShard found{shard, {}, header.to_str(), answer.object_version};
  auto decoded = decode_shard_header(found.header_bytes, shard);
  if (!decoded) co_return decoded.error();
  found.header = std::move(*decoded);
  co_return found;
}

// From what is remembered to the map, and from there along the shards: the map may be one split late.
Task<Result<FoundShard>> RadosRouter::read(RadosPlace place, KeyPosition position, Prepare prepare) {
  std::optional<ShardId> from_map;
  std::optional<ShardId> missing;
  for (int asked = 0; asked < asked_max; ++asked) {
    std::optional<Seen> seen;
    if (!from_map) seen = seen_at(place.index, position);
    if (!seen && !from_map) {
      const auto looked_up = co_await look_up(place.index, position);
      if (!looked_up) co_return looked_up.error();
      from_map = *looked_up;
    }
    auto found = co_await read_shard(seen ? seen->shard : *from_map, prepare);
    if (!found) co_return found.error();
    if (*found && (*found)->header.state == ShardState::removed) co_return fail(Errc::namespace_not_found);
    const bool is_there = *found && (*found)->header.state != ShardState::forming;
    // A merge changes the map before it removes a shard.
    if (!*found && !seen && std::exchange(missing, from_map) == from_map)
      co_return fail(Errc::storage_corrupt, "a shard of an index is missing");
    if (seen && (!is_there || (*found)->header.high != seen->high)) forget(place.index, seen->high);
    if (is_there) learn(place.index, (*found)->id, (*found)->header);
    if (is_there && position.is_in((*found)->header)) co_return std::move(**found);
    // The next shard, if the map has led here; what was remembered may be many splits old.
    const bool goes_on = from_map && is_there && position.is_beyond((*found)->header.high);
    from_map = goes_on ? std::optional((*found)->header.next) : std::nullopt;
    if (from_map == ShardId{}) co_return fail(Errc::storage_corrupt, "the last shard of an index is missing");
  }
  co_return fail(Errc::storage_unavailable, "the index changes all the time");
}

}  // namespace cubby
