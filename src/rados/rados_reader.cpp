#include "rados/rados_reader.hpp"

#include <algorithm>

#include "core/expiration.hpp"
#include "core/limits.hpp"

namespace cubby {

using namespace rados_layout;

namespace {

// An OSD gives at most 1024 rows at a time.
constexpr std::uint64_t rows_per_page = 1000;

// Whether keys with that prefix may lie above `bound`.
bool may_go_on(const std::string& prefix, const std::string& bound) {
  return bound != last_bound && (bound < prefix || bound.starts_with(prefix));
}

}  // namespace

// ---- Records

Task<Result<std::shared_ptr<const RadosReader::Record>>> RadosReader::find(RadosPlace place, std::string key,
                                                                           Instant now) {
  RadosRows rows;
  const std::set<std::string> wanted{head_row(key)};
  const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
    rows.clear();
    read.omap_get_vals_by_keys(wanted, &rows, nullptr);
  };
  const KeyPosition position{key};
  const auto shard = co_await router_.read(place, position, prepare);
  if (!shard) co_return shard.error();
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
    auto source = std::make_unique<RadosSource>(data_, RadosBody{body.id, head.value_bytes});
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

struct RadosReader::Scan {
  explicit Scan(ScanRequest asked) : request(std::move(asked)) {
    position = request.after < request.prefix ? KeyPosition{request.prefix, false}
                                              : KeyPosition{request.after, true};
  }

  // One more than is wanted: it tells whether a key follows.
  std::uint64_t page_rows() const {
    return std::clamp<std::uint64_t>(request.entries_max - slice.entries.size() + 1, 2, rows_per_page);
  }

  Result<void> take(const std::string& key, const ceph::bufferlist& bytes) {
    if (slice.entries.size() == request.entries_max || rows_seen++ == limits::list_rows_per_slice) {
      slice.resume_after = std::move(last);
      is_done = true;
      return {};
    }
    last = key;
    const std::string record = bytes.to_str();
    const auto head = decode_head(record, head_place(request.namespace_id, key));
    if (!head) return head.error();
    if (is_expired(head->expiration, request.now)) return {};
    auto parsed = Key::parse(key);
    if (!parsed) return fail(Errc::storage_corrupt, "a row's key is no key");
    slice.entries.push_back({std::move(*parsed), head->head()});
    return {};
  }

  const ScanRequest request;
  KeyPosition position;  // of the next page
  ScanSlice slice;
  std::string last;  // key seen
  std::uint32_t rows_seen = 0;
  bool is_done = false;
};

// Rows above the shard's bound are not its own any more, or not yet.
Task<Result<void>> RadosReader::read_page(RadosPlace place, Scan& scan) {
  RadosRows rows;
  bool has_more = false;
  const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
    rows.clear();
    // A position that is not behind a key is the prefix itself.
    const std::string after = scan.position.is_behind ? head_row(scan.position.text) : std::string();
    read.omap_get_vals2(after, head_row(scan.request.prefix), scan.page_rows(), &rows, &has_more, nullptr);
  };
  const auto shard = co_await router_.read(place, scan.position, prepare);
  if (!shard) co_return shard.error();
  const std::string& high = shard->header.high;
  for (const auto& [row, bytes] : rows) {
    const std::string key = row.substr(head_kind.size());
    if (key > high) {
      has_more = false;
      break;
    }
    if (const auto taken = scan.take(key, bytes); !taken) co_return taken.error();
    if (scan.is_done) co_return Result<void>{};
    scan.position = {key, true};
  }
  if (has_more) co_return Result<void>{};
  scan.position = {high, true};
  scan.is_done = !may_go_on(scan.request.prefix, high);
  co_return Result<void>{};
}

Task<Result<ScanSlice>> RadosReader::scan(RadosPlace place, ScanRequest request) {
  Scan scan(std::move(request));
  scan.is_done = scan.position.is_beyond(last_bound);
  while (!scan.is_done) {
    if (const auto read = co_await read_page(place, scan); !read) co_return read.error();
  }
  co_return std::move(scan.slice);
}

}  // namespace cubby
