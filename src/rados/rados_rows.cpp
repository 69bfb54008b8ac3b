#include "rados/rados_rows.hpp"

#include <algorithm>

namespace cubby {

using namespace rados_layout;

namespace {

// As many as an OSD gives at a time.
constexpr std::uint64_t counters_max = 1000;

}  // namespace

void CounterRows::add_to(librados::ObjectReadOperation& read) {
  rows_.clear();
  read.omap_get_vals2("", std::string(counter_kind), counters_max, &rows_, &has_more_, nullptr);
}

Result<ShardCounter> CounterRows::sum() const {
  if (has_more_) return fail(Errc::storage_failed, "a shard has more than 1000 counters");
  ShardCounter sum;
  for (const auto& [row, bytes] : rows_) {
    const auto counter = decode_counter(bytes.to_str(), row);
    if (!counter) return counter.error();
    sum.keys += counter->keys;
    sum.bytes += counter->bytes;
    sum.version = std::max(sum.version, counter->version);
  }
  return sum;
}

Version CounterRows::last_version() const {
  Version last{};
  for (const auto& [row, bytes] : rows_) {
    if (const auto counter = decode_counter(bytes.to_str(), row)) last = std::max(last, counter->version);
  }
  return last;
}

std::uint64_t counted_of(std::string_view key, const HeadView& head) {
  return key.size() + head.value_bytes + (head.metadata ? head.metadata->size() : 0);
}

std::uint64_t counted_of_damaged(std::string_view key) {
  return key.size();
}

RadosRows with_expiry_rows(NamespaceId namespace_id, const RadosRows& heads, ShardCounter& sum) {
  RadosRows rows = heads;
  for (const auto& [row, bytes] : heads) {
    const std::string key = row.substr(head_kind.size());
    const std::string record = bytes.to_str();
    const auto head = decode_head(record, head_place(namespace_id, key));
    const std::uint64_t counted = head ? counted_of(key, *head) : counted_of_damaged(key);
    ++sum.keys;
    sum.bytes += static_cast<std::int64_t>(counted);
    if (!head) continue;
    if (head->expiration) rows[expiry_row(*head->expiration, key)] = to_buffer(number_bytes(counted));
    sum.version = std::max(sum.version, head->version);
  }
  return rows;
}

}  // namespace cubby
