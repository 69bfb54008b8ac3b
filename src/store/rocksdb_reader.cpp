#include "store/rocksdb_reader.hpp"

#include "core/expiration.hpp"
#include "core/limits.hpp"
#include "store/ordering.hpp"
#include "store/rocksdb_upload.hpp"

namespace cubby {

std::optional<RocksDbReader::Found> RocksDbReader::look_up(const std::string& row, Instant now, From from,
                                                           const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  if (from == From::memory) options.read_tier = rocksdb::kBlockCacheTier;
  auto bytes = std::make_shared<rocksdb::PinnableSlice>();
  const auto status = store_.db().Get(options, store_.heads(), row, bytes.get());
  if (status.IsIncomplete()) return std::nullopt;
  if (status.IsNotFound()) return Found(std::nullopt);
  if (!status.ok()) return Found(to_error(status));
  const auto head = decode_head(to_view(*bytes), row);
  if (!head) return Found(head.error());
  if (is_expired(head->expiration, now)) return Found(std::nullopt);
  return Found(PinnedHead{std::move(bytes), *head});
}

Task<RocksDbReader::Found> RocksDbReader::find(std::string row, Instant now) {
  if (auto found = look_up(row, now, From::memory)) co_return std::move(*found);
  auto work = [this, &row, now] { return *look_up(row, now, From::disk); };
  co_return co_await pool_.run(std::move(work));
}

Task<Result<std::optional<StoredValue>>> RocksDbReader::get(NamespaceId namespace_id, Key key, Instant now) {
  const std::string row = rows::head(namespace_id, key.text());
  const auto found = co_await find(row, now);
  if (!found) co_return found.error();
  if (!*found) co_return std::nullopt;
  const auto& [pinned, head] = **found;
  if (const auto* value = std::get_if<std::string_view>(&head.body)) {
    co_return StoredValue{head.head(), PinnedBytes(pinned, *value), nullptr};
  }
  auto work = [this, &row, now] { return open_pieces(row, now); };
  co_return co_await pool_.run(std::move(work));
}

// The head is read again, under the snapshot that the pieces are read from: an overwrite in between took them
// away.
Result<std::optional<StoredValue>> RocksDbReader::open_pieces(const std::string& row, Instant now) {
  auto snapshot = std::make_shared<rocksdb::ManagedSnapshot>(&store_.db());
  const auto found = *look_up(row, now, From::disk, snapshot->snapshot());
  if (!found) return found.error();
  if (!*found) return std::nullopt;
  const auto& [pinned, head] = **found;
  StoredValue value{head.head(), {}, nullptr};
  if (const auto* bytes = std::get_if<std::string_view>(&head.body)) {
    value.bytes = PinnedBytes(pinned, *bytes);
    return value;
  }
  const auto body = std::get<Pieces>(head.body).body;
  const auto id = rows::namespace_of(row);
  auto first = read_piece(store_, snapshot->snapshot(), id, body, 0);
  if (!first) return first.error();
  if (first->size() > head.value_bytes) return fail(Errc::storage_corrupt, "a piece is too long");
  if (const auto left = head.value_bytes - first->size(); left > 0) {
    value.rest = make_piece_source(store_, pool_, std::move(snapshot), id, body, left);
  }
  value.bytes = PinnedBytes(std::move(*first));
  return value;
}

Task<Result<std::optional<Head>>> RocksDbReader::head(NamespaceId namespace_id, Key key, Instant now) {
  const auto found = co_await find(rows::head(namespace_id, key.text()), now);
  if (!found) co_return found.error();
  if (!*found) co_return std::nullopt;
  co_return (*found)->view.head();
}

Task<Result<ScanSlice>> RocksDbReader::scan(ScanRequest request) {
  auto work = [this, &request] { return scan_rows(request); };
  co_return co_await pool_.run(std::move(work));
}

Result<ScanSlice> RocksDbReader::scan_rows(const ScanRequest& request) {
  const std::string end = rows::after_prefix(rows::head(request.namespace_id, request.prefix));
  const rocksdb::Slice upper_bound = end;
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> row(store_.db().NewIterator(options, store_.heads()));
  ScanSlice slice;
  std::string last;
  std::uint32_t rows_seen = 0;
  for (row->Seek(rows::head(request.namespace_id, first_key_of(request))); row->Valid(); row->Next()) {
    if (slice.entries.size() == request.entries_max || rows_seen++ == limits::list_rows_per_slice) {
      slice.resume_after = std::move(last);
      return slice;
    }
    const auto head = decode_head(to_view(row->value()), to_view(row->key()));
    if (!head) return head.error();
    last = to_view(row->key()).substr(NamespaceId::bytes_count);
    if (is_expired(head->expiration, request.now)) continue;
    auto key = Key::parse(last);
    if (!key) return fail(Errc::storage_corrupt, "a row's key is no key");
    slice.entries.push_back({std::move(*key), head->head()});
  }
  if (!row->status().ok()) return to_error(row->status());
  return slice;
}

}  // namespace cubby
