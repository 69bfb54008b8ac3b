#include "service/kv_service.hpp"

#include <algorithm>
#include <unordered_set>

#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "service/bulk_write.hpp"
#include "service/list_cursor.hpp"

namespace cubby {

Task<Result<void>> KvService::check_place(Place place) {
  const auto found = co_await engine_.find_namespace(place.namespace_id);
  if (!found) co_return found.error();
  if (!*found || (*found)->account != place.account) co_return fail(Errc::namespace_not_found);
  co_return Result<void>{};
}

namespace {

bool reaches(const Place& place, std::string_view key) {
  return key.starts_with(place.key_prefix);
}

bool reaches_all(const Place& place, const std::vector<Key>& keys) {
  return std::ranges::all_of(keys, [&](const Key& each) { return reaches(place, each.text()); });
}

}  // namespace

Task<Result<StoredValue>> KvService::get(Place place, Key key) {
  count(Work::read, place);
  if (!reaches(place, key.text())) co_return fail(Errc::permission_missing);
  const Instant now = expiry_now();
  if (const auto checked = co_await check_place(place); !checked) co_return checked.error();
  auto value = co_await engine_.get(place.namespace_id, std::move(key), now);
  if (!value) co_return value.error();
  if (!*value) co_return fail(Errc::key_not_found);
  co_return std::move(**value);
}

Task<Result<Head>> KvService::head(Place place, Key key) {
  count(Work::read, place);
  if (!reaches(place, key.text())) co_return fail(Errc::permission_missing);
  const Instant now = expiry_now();
  if (const auto checked = co_await check_place(place); !checked) co_return checked.error();
  auto head = co_await engine_.head(place.namespace_id, std::move(key), now);
  if (!head) co_return head.error();
  if (!*head) co_return fail(Errc::key_not_found);
  co_return std::move(**head);
}

namespace {

// Moves the value into the upload; answers how long it was, also when that is too long and the rest was only
// counted.
Task<Result<std::uint64_t>> receive(ByteSource& value, Upload& upload, std::uint64_t bytes_max) {
  std::uint64_t bytes_count = 0;
  while (true) {
    const auto piece = co_await value.read();
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    bytes_count += piece->size();
    if (bytes_count > bytes_max) continue;
    if (const auto appended = co_await upload.append(*piece); !appended) co_return appended.error();
  }
  if (bytes_count > bytes_max) co_return value_too_large(bytes_count, bytes_max);
  if (const auto finished = co_await upload.finish(); !finished) co_return finished.error();
  co_return bytes_count;
}

}  // namespace

Task<Result<void>> KvService::put(Place place, Key key, RawExpiration raw_expiration, IncomingValue& value) {
  count(Work::write, place);
  if (!reaches(place, key.text())) co_return fail(Errc::permission_missing);
  const Timestamp now = clock_.now();
  if (const auto checked = co_await check_place(place); !checked) co_return checked.error();
  const auto expiration = parse_expiration(raw_expiration, expiry_now());
  if (!expiration) co_return expiration.error();
  auto upload = engine_.begin_upload(place.namespace_id);
  if (const auto received = co_await receive(value, *upload, value_bytes_max_); !received)
    co_return received.error();
  auto metadata = value.metadata();
  if (!metadata) co_return metadata.error();
  std::vector<Mutation> mutations;
  mutations.push_back(Put{std::move(key), std::move(upload), std::move(*metadata), *expiration});
  const auto applied = co_await engine_.apply(place.namespace_id, std::move(mutations), now);
  if (!applied) co_return applied.error();
  co_return Result<void>{};
}

Task<Result<void>> KvService::remove(Place place, Key key) {
  std::vector<Key> keys;
  keys.push_back(std::move(key));
  const auto removed = co_await remove_all(place, std::move(keys));
  if (!removed) co_return removed.error();
  co_return Result<void>{};
}

namespace {

std::size_t bytes_of(const std::vector<Entry>& entries) {
  std::size_t bytes = entries.capacity() * sizeof(Entry);
  for (const auto& [key, head] : entries) {
    bytes += key.text().size();
    if (head.metadata) bytes += head.metadata->text().size();
  }
  return bytes;
}

// Counts itself in for as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<std::size_t>& count) : count_(count), number_(++count) {}
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  std::size_t number() const { return number_; }

 private:
  std::atomic<std::size_t>& count_;
  const std::size_t number_;
};

}  // namespace

// What a slice holds is known when it is there. Of a few at once that is soon enough; where there are more,
// each counts before as what it may be.
Task<Result<ScanSlice>> KvService::scan(ScanRequest request, RequestMemory& memory) {
  const Counted reading(slices_);
  const bool counts_before = reading.number() > limits::list_slices_max;
  const std::size_t most =
      request.entries_max * (sizeof(Entry) + limits::key_bytes_max + limits::metadata_bytes_max);
  if (counts_before) {
    if (const auto held = memory.hold(most); !held) co_return held.error();
  }
  auto slice = co_await engine_.scan(std::move(request));
  if (slice && !counts_before) {
    if (const auto held = memory.hold(bytes_of(slice->entries)); !held) co_return held.error();
  }
  co_return slice;
}

Task<Result<KeyPage>> KvService::list(Place place, ListKeys request, RequestMemory& memory) {
  count(Work::list, place);
  if (!reaches(place, request.prefix)) co_return fail(Errc::permission_missing);
  const Instant now = expiry_now();
  if (const auto checked = co_await check_place(place); !checked) co_return checked.error();
  std::string after;
  if (!request.cursor.empty()) {
    auto position = decode_cursor(place.namespace_id, request.cursor);
    if (!position) co_return position.error();
    after = std::move(*position);
  }
  // One entry more than the page has room for tells whether another page follows.
  KeyPage page;
  std::optional<std::string> resume_after = std::move(after);
  while (resume_after && page.entries.size() <= request.limit) {
    const auto wanted = static_cast<std::uint32_t>(request.limit + 1 - page.entries.size());
    ScanRequest next{place.namespace_id, request.prefix, std::move(*resume_after), wanted, now};
    auto slice = co_await scan(std::move(next), memory);
    if (!slice) co_return slice.error();
    if (page.entries.empty())
      page.entries = std::move(slice->entries);
    else
      std::move(slice->entries.begin(), slice->entries.end(), std::back_inserter(page.entries));
    resume_after = std::move(slice->resume_after);
  }
  if (page.entries.size() > request.limit) {
    page.entries.pop_back();
    page.cursor = encode_cursor(place.namespace_id, page.entries.back().key.text());
  }
  co_return page;
}

Task<Result<CountedUsage>> KvService::usage(Place place) {
  if (!place.key_prefix.empty()) co_return fail(Errc::permission_missing);
  const Instant now = expiry_now();
  if (const auto checked = co_await check_place(place); !checked) co_return checked.error();
  co_return co_await engine_.usage(place.namespace_id, now);
}

Task<Result<std::size_t>> KvService::put_all(Place place, BulkPairs& pairs, RequestMemory& memory) {
  count(Work::write, place);
  const Timestamp now = clock_.now();
  if (const auto checked = co_await check_place(place); !checked) co_return checked.error();
  BulkWrite bulk(engine_, place.namespace_id, expiry_now(), value_bytes_max_);
  while (true) {
    auto pair = co_await pairs.next();
    if (!pair) co_return pair.error();
    if (!*pair) break;
    if (!reaches(place, (*pair)->key.text())) co_return fail(Errc::permission_missing);
    if (const auto held = memory.hold(limits::bulk_item_bytes); !held) co_return held.error();
    if (const auto added = co_await bulk.add(std::move(**pair)); !added) co_return added.error();
  }
  auto mutations = bulk.take();
  const std::size_t count = mutations.size();
  if (count == 0) co_return 0;
  const auto applied = co_await engine_.apply(place.namespace_id, std::move(mutations), now);
  if (!applied) co_return applied.error();
  co_return count;
}

Task<Result<std::size_t>> KvService::remove_all(Place place, std::vector<Key> keys) {
  count(Work::remove, place);
  if (!reaches_all(place, keys)) co_return fail(Errc::permission_missing);
  const Timestamp now = clock_.now();
  if (const auto checked = co_await check_place(place); !checked) co_return checked.error();
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  if (keys.empty()) co_return 0;
  std::vector<Mutation> mutations;
  mutations.reserve(keys.size());
  for (auto& key : keys) mutations.push_back(Delete{std::move(key)});
  const std::size_t count = mutations.size();
  const auto applied = co_await engine_.apply(place.namespace_id, std::move(mutations), now);
  if (!applied) co_return applied.error();
  co_return count;
}

Task<Result<std::string>> KvService::read_whole(StoredValue value) {
  std::string bytes(value.bytes.view());
  while (value.rest) {
    const auto piece = co_await value.rest->read();
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    bytes += *piece;
  }
  co_return bytes;
}

Task<Result<std::vector<BulkGetItem>>> KvService::get_all(Place place, BulkGet request,
                                                          RequestMemory& memory) {
  count(Work::read, place);
  if (!reaches_all(place, request.keys)) co_return fail(Errc::permission_missing);
  const Instant now = expiry_now();
  if (const auto checked = co_await check_place(place); !checked) co_return checked.error();
  std::vector<BulkGetItem> items;
  std::unordered_set<std::string> named;
  std::uint64_t bytes_count = 0;
  for (Key& key : request.keys) {
    if (!named.insert(key.text()).second) continue;
    auto found = co_await engine_.get(place.namespace_id, key, now);
    if (!found) co_return found.error();
    BulkGetItem item{std::move(key), std::nullopt, {}};
    if (*found) {
      bytes_count += (*found)->head.value_bytes;
      if (bytes_count > limits::bulk_get_bytes_max) co_return fail(Errc::bulk_get_too_large);
      if (const auto held = memory.hold((*found)->head.value_bytes); !held) co_return held.error();
      item.head = std::move((*found)->head);
      auto value = co_await read_whole(std::move(**found));
      if (!value) co_return value.error();
      item.value = std::move(*value);
      if (request.type == BulkGet::Type::json && !json::is_json(item.value)) {
        co_return fail(Errc::bulk_get_not_json);
      }
    }
    items.push_back(std::move(item));
  }
  co_return items;
}

}  // namespace cubby
