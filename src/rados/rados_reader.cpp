#include "rados/rados_reader.hpp"

#include <algorithm>
#include <cerrno>

#include "core/expiration.hpp"
#include "core/limits.hpp"
#include "store/bytes.hpp"
#include "store/ordering.hpp"

namespace cubby {

using namespace rados_layout;

namespace {

// An OSD gives at most 1024 rows at a time.
constexpr std::uint64_t rows_per_page = 1000;

// How often a count is begun again because somebody has written meanwhile.
constexpr int counts_max = 10;

}  // namespace

// ---- Records

Task<Result<std::shared_ptr<const RadosReader::Record>>> RadosReader::find(RadosPlace place, std::string key,
                                                                           Instant now) {
  librados::ObjectReadOperation read;
  ceph::bufferlist epoch;
  Rows rows;
  const std::string row = head_row(key);
  read.getxattr(epoch_attribute, &epoch, nullptr);
  read.omap_get_vals_by_keys({row}, &rows, nullptr);
  const auto answer = co_await index_.read(shard_object(place.shard), read);
  if (answer.code == -ENOENT || epoch.to_str() == removed_epoch) co_return fail(Errc::namespace_not_found);
  if (answer.code < 0) co_return rados_error(answer.code, "a record was not read");
  if (rows.empty()) co_return std::shared_ptr<const Record>();
  auto record = std::make_shared<Record>();
  record->bytes = rows.begin()->second.to_str();
  const auto view = decode_head(record->bytes, head_place(place.namespace_id, key));
  if (!view) co_return view.error();
  if (is_expired(view->expiration, now)) co_return std::shared_ptr<const Record>();
  record->view = *view;
  co_return record;
}

Task<Result<std::optional<Head>>> RadosReader::head(RadosPlace place, Key key, Instant now) {
  const auto found = co_await find(place, key.text(), now);
  if (!found) co_return found.error();
  if (!*found) co_return std::nullopt;
  co_return (*found)->view.head();
}

Task<Result<std::optional<StoredValue>>> RadosReader::get(RadosPlace place, Key key, Instant now) {
  std::optional<BodyRef> missing;
  for (;;) {
    const auto found = co_await find(place, key.text(), now);
    if (!found) co_return found.error();
    if (!*found) co_return std::nullopt;
    const HeadView& head = (*found)->view;
    if (const auto* const value = std::get_if<std::string_view>(&head.body))
      co_return StoredValue{head.head(), PinnedBytes(*found, *value), nullptr};
    const auto body = std::get<BodyRef>(head.body);
    if (missing == body) co_return fail(Errc::storage_corrupt, "a value is missing");
    auto source = std::make_unique<RadosSource>(data_, RadosBody{place.shard, body.id, head.value_bytes});
    const auto first = co_await source->read();
    if (!first && first.error().code == Errc::key_not_found) {
      missing = body;
      continue;
    }
    if (!first) co_return first.error();
    StoredValue value{head.head(), PinnedBytes(source->take_block()), nullptr};
    if (value.bytes.size() < head.value_bytes) value.rest = std::move(source);
    co_return value;
  }
}

// ---- Pages

Task<Result<RadosReader::Page>> RadosReader::page(ShardId shard, std::string after, std::string prefix,
                                                  std::uint64_t rows_max) {
  librados::ObjectReadOperation read;
  ceph::bufferlist epoch;
  Page page;
  bool has_more_counters = false;
  read.getxattr(epoch_attribute, &epoch, nullptr);
  read.omap_get_vals2("", std::string(counter_kind), rows_per_page, &page.counters, &has_more_counters,
                      nullptr);
  read.omap_get_vals2(after, prefix, rows_max, &page.rows, &page.has_more, nullptr);
  const auto answer = co_await index_.read(shard_object(shard), read);
  if (answer.code == -ENOENT || epoch.to_str() == removed_epoch) co_return fail(Errc::namespace_not_found);
  if (answer.code < 0) co_return rados_error(answer.code, "a shard was not read");
  page.object_version = answer.object_version;
  co_return page;
}

Result<void> RadosReader::take_row(const ScanRequest& request, const std::string& key,
                                   const ceph::bufferlist& bytes, ScanSlice& slice) {
  const std::string record = bytes.to_str();
  const auto head = decode_head(record, head_place(request.namespace_id, key));
  if (!head) return head.error();
  if (is_expired(head->expiration, request.now)) return {};
  auto parsed = Key::parse(key);
  if (!parsed) return fail(Errc::storage_corrupt, "a row's key is no key");
  slice.entries.push_back({std::move(*parsed), head->head()});
  return {};
}

Task<Result<ScanSlice>> RadosReader::scan(RadosPlace place, ScanRequest request) {
  ScanSlice slice;
  std::string last;
  std::uint32_t rows_seen = 0;
  // A row sorts behind all of a prefix, or is found by it.
  std::string after = request.after.empty() ? std::string() : head_row(request.after);
  for (bool has_more = true; has_more;) {
    // One more than is wanted: it tells whether a key follows.
    const std::uint64_t wanted = request.entries_max - slice.entries.size() + 1;
    const auto found = co_await page(place.shard, after, head_row(request.prefix),
                                     std::clamp<std::uint64_t>(wanted, 2, rows_per_page));
    if (!found) co_return found.error();
    for (const auto& [row, bytes] : found->rows) {
      if (slice.entries.size() == request.entries_max || rows_seen++ == limits::list_rows_per_slice) {
        slice.resume_after = std::move(last);
        co_return slice;
      }
      last = row.substr(head_kind.size());
      if (const auto taken = take_row(request, last, bytes, slice); !taken) co_return taken.error();
      after = row;
    }
    has_more = found->has_more;
  }
  co_return slice;
}

// ---- Sums

Result<ShardCounter> RadosReader::sum(const Rows& counters) {
  ShardCounter sum;
  for (const auto& [row, bytes] : counters) {
    const auto counter = decode_counter(bytes.to_str(), row);
    if (!counter) return counter.error();
    sum.keys += counter->keys;
    sum.bytes += counter->bytes;
    sum.version = std::max(sum.version, counter->version);
  }
  return sum;
}

// What the counters say, without what is due and not yet swept.
Task<Result<Usage>> RadosReader::usage(RadosPlace place, Instant now) {
  const std::string end = first_expiry_row_after(now);
  std::string after;
  std::optional<ShardCounter> total;
  for (bool is_done = false; !is_done;) {
    const auto found = co_await page(place.shard, after, std::string(expiry_kind), rows_per_page);
    if (!found) co_return found.error();
    if (!total) {
      const auto counted = sum(found->counters);
      if (!counted) co_return counted.error();
      total = *counted;
    }
    is_done = !found->has_more;
    for (const auto& [row, bytes] : found->rows) {
      if (row >= end) {
        is_done = true;
        break;
      }
      --total->keys;
      total->bytes -= static_cast<std::int64_t>(number_in(bytes.to_str()));
      after = row;
    }
  }
  co_return Usage{static_cast<std::uint64_t>(std::max<std::int64_t>(total->keys, 0)),
                  static_cast<std::uint64_t>(std::max<std::int64_t>(total->bytes, 0))};
}

// Nothing: the shard has changed meanwhile.
Task<Result<std::optional<RadosReader::Counted>>> RadosReader::count(RadosPlace place, Instant now,
                                                                     Page each) {
  const std::uint64_t object_version = each.object_version;
  Counted counted;
  for (;;) {
    std::string after;
    for (const auto& [row, bytes] : each.rows) {
      const std::string key = row.substr(head_kind.size());
      const std::string record = bytes.to_str();
      const auto head = decode_head(record, head_place(place.namespace_id, key));
      if (!head) co_return head.error();
      const std::uint64_t size = key.size() + counted_bytes(head->head());
      counted.all = {counted.all.keys + 1, counted.all.bytes + size};
      if (!is_expired(head->expiration, now))
        counted.live = {counted.live.keys + 1, counted.live.bytes + size};
      after = row;
    }
    if (!each.has_more) co_return counted;
    auto next = co_await page(place.shard, after, std::string(head_kind), rows_per_page);
    if (!next) co_return next.error();
    if (next->object_version != object_version) co_return std::nullopt;
    each = std::move(*next);
  }
}

Task<Result<Usage>> RadosReader::recount(RadosPlace place, Instant now) {
  for (int tries = 0; tries < counts_max; ++tries) {
    auto first = co_await page(place.shard, "", std::string(head_kind), rows_per_page);
    if (!first) co_return first.error();
    const std::uint64_t object_version = first->object_version;
    const Rows counters = first->counters;
    const auto total = sum(counters);
    const auto counted = co_await count(place, now, std::move(*first));
    if (!counted) co_return counted.error();
    if (!*counted) continue;
    const Usage& all = (*counted)->all;
    const ShardCounter correction{static_cast<std::int64_t>(all.keys) - (total ? total->keys : 0),
                                  static_cast<std::int64_t>(all.bytes) - (total ? total->bytes : 0),
                                  {}};
    if (total && correction == ShardCounter{}) co_return (*counted)->live;
    // As it was counted, or not at all. Counters that are damaged go.
    librados::ObjectWriteOperation correct;
    correct.assert_version(object_version);
    // The correction is a writer of its own, or a writer in flight would have to begin again.
    const std::string row = counter_row(WriterId{random_number()});
    if (!total) {
      std::set<std::string> damaged;
      for (const auto& [each, bytes] : counters) damaged.insert(each);
      correct.omap_rm_keys(damaged);
    }
    correct.omap_set({{row, to_buffer(encode_counter(correction, row))}});
    const auto corrected = co_await index_.write(shard_object(place.shard), correct);
    if (corrected.code >= 0) co_return (*counted)->live;
    if (corrected.code != -ERANGE && corrected.code != -EOVERFLOW)
      co_return rados_error(corrected.code, "the counters were not corrected");
  }
  co_return fail(Errc::storage_unavailable, "the namespace is being written to all the time");
}

Task<Result<std::vector<ExpiryRow>>> RadosReader::due(RadosPlace place, Instant now, std::uint32_t rows_max) {
  const std::string end = first_expiry_row_after(now);
  const auto found = co_await page(place.shard, "", std::string(expiry_kind),
                                   std::min<std::uint64_t>(std::uint64_t{rows_max} + 1, rows_per_page + 1));
  if (!found) co_return found.error();
  std::vector<ExpiryRow> due;
  for (const auto& [row, bytes] : found->rows) {
    if (row >= end) break;
    auto parsed = parse_expiry_row(row);
    if (!parsed) co_return parsed.error();
    due.push_back(std::move(*parsed));
  }
  co_return due;
}

}  // namespace cubby
