// What lies in the cluster, read without the engine, and what must be true of it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rados/rados_pool.hpp"
#include "rados/rados_rows.hpp"
#include "rados/rados_shard.hpp"
#include "tests/support/engine_fixture.hpp"

namespace cubby {

struct StoredShard {
  ShardId id{};
  ShardHeader header;
  RadosRows rows;  // of all kinds

  RadosRows rows_of(std::string_view kind) const {
    RadosRows found;
    for (const auto& row : rows)
      if (row.first.starts_with(kind)) found.insert(row);
    return found;
  }
};

// The shards of one store, which has one namespace.
class StoredIndex {
 public:
  StoredIndex(const std::filesystem::path& directory, NamespaceId id)
      : namespace_id_(id), connection_(RadosConnection::open(rados_options(directory)).value()) {}

  // Those that somebody may be sent to, by their ranges.
  std::vector<StoredShard> shards() {
    std::map<std::string, StoredShard> by_range;
    librados::IoCtx io = connection_->index().blocking();
    for (auto each = io.nobjects_begin(); each != io.nobjects_end(); ++each) {
      const std::string object = each->get_oid();
      if (!object.starts_with("ix.")) continue;
      StoredShard shard{ShardId{std::stoull(object.substr(3), nullptr, 16)}, {}, rows_of(object)};
      ceph::bufferlist header;
      if (io.getxattr(object, rados_layout::header_attribute, header) < 0) continue;  // gone meanwhile
      shard.header = decode_shard_header(header.to_str(), shard.id).value();
      if (shard.header.state != ShardState::forming) by_range.emplace(shard.header.low, std::move(shard));
    }
    std::vector<StoredShard> all;
    for (auto& [low, shard] : by_range) all.push_back(std::move(shard));
    return all;
  }

  // Waits until no split or merge is under way, what was read is of one moment, and there are so many. A
  // failure if that takes a minute.
  std::vector<StoredShard> settled_shards(std::size_t least = 1) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < until) {
      const auto before = shards();
      auto all = shards();
      if (!all.empty()) map_ = map_of(all.front().header.index);
      if (are_settled(before, all) && are_settled(all, shards()) && all.size() >= least) return all;
    }
    ADD_FAILURE() << "there are no " << least << " shards at rest";
    return {};
  }

  // Waits like `settled_shards`.
  void expect_sound() {
    const auto all = settled_shards();
    ASSERT_FALSE(all.empty());
    std::string bound;
    std::map<std::string, ShardId> map;
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].header.low, bound) << "ranges do not tile";
      EXPECT_EQ(all[i].header.next, i + 1 < all.size() ? all[i + 1].id : ShardId{});
      bound = all[i].header.high;
      map.emplace(rados_layout::bound_row(bound), all[i].id);
      expect_sound(all[i]);
    }
    EXPECT_EQ(bound, last_bound);
    EXPECT_EQ(map_, map);
  }

 private:
  static bool are_settled(const std::vector<StoredShard>& before, const std::vector<StoredShard>& after) {
    if (before.size() != after.size()) return false;
    for (std::size_t i = 0; i < after.size(); ++i) {
      if (after[i].header != before[i].header || after[i].header.state != ShardState::serving) return false;
    }
    return true;
  }

  RadosRows rows_of(const std::string& object) {
    RadosRows all;
    std::string after;
    for (bool has_more = true; has_more;) {
      RadosRows page;
      librados::ObjectReadOperation read;
      read.omap_get_vals2(after, "", 1000, &page, &has_more, nullptr);
      if (connection_->index().blocking().operate(object, &read, nullptr) < 0 || page.empty()) break;
      after = page.rbegin()->first;
      all.merge(page);
    }
    return all;
  }

  std::map<std::string, ShardId> map_of(IndexId index) {
    std::map<std::string, ShardId> map;
    for (const auto& [row, bytes] : rows_of(rados_layout::map_object(index))) {
      if (row.starts_with(rados_layout::bound_kind))
        map.emplace(row, rados_layout::shard_in_map_entry(bytes.to_str()));
    }
    return map;
  }

  // Its rows are of its range, the expiry index is that of its heads, and the counters are right.
  void expect_sound(const StoredShard& shard) {
    const RadosRows heads = shard.rows_of(rados_layout::head_kind);
    for (const auto& [row, bytes] : heads) {
      const std::string key = row.substr(rados_layout::head_kind.size());
      EXPECT_TRUE(shard.header.contains(key)) << key;
      EXPECT_TRUE(decode_head(bytes.to_str(), rados_layout::head_place(namespace_id_, key))) << key;
    }
    rados_layout::ShardCounter counted;
    const RadosRows with_expiry = with_expiry_rows(namespace_id_, heads, counted);
    std::set<std::string> expected;
    for (const auto& [row, bytes] : with_expiry)
      if (row.starts_with(rados_layout::expiry_kind)) expected.insert(row);
    std::set<std::string> found;
    for (const auto& [row, bytes] : shard.rows_of(rados_layout::expiry_kind)) found.insert(row);
    EXPECT_EQ(found, expected);
    rados_layout::ShardCounter sum;
    for (const auto& [row, bytes] : shard.rows_of(rados_layout::counter_kind)) {
      const auto counter = rados_layout::decode_counter(bytes.to_str(), row).value();
      sum.keys += counter.keys;
      sum.bytes += counter.bytes;
    }
    EXPECT_EQ(sum.keys, counted.keys);
    EXPECT_EQ(sum.bytes, counted.bytes);
  }

  const NamespaceId namespace_id_;
  const std::unique_ptr<RadosConnection> connection_;
  std::map<std::string, ShardId> map_;
};

// Sweeps with all in turn, until so many values are gone, or for a minute: a part of the store may just be on
// its way from one to the other.
inline std::size_t sweep_together(const std::vector<Engine*>& engines, Instant now, std::size_t least) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  std::size_t swept = 0;
  do {
    for (Engine* const each : engines) swept += sweep_all(*each, now);
  } while (swept < least && std::chrono::steady_clock::now() < until);
  return swept;
}

}  // namespace cubby
