#include "store/rocksdb_reader.hpp"

#include <algorithm>

#include "core/expiration.hpp"
#include "core/limits.hpp"
#include "store/ordering.hpp"

namespace cubby {

namespace {

// The pieces of a value file after the first.
class FileSource final : public ByteSource {
 public:
  FileSource(StoragePool& pool, ValueFileReader reader) : pool_(pool), reader_(std::move(reader)) {}

  Task<Result<std::string_view>> read() override {
    auto work = [this] { return reader_.read(piece_); };
    co_return co_await pool_.run(std::move(work));
  }

 private:
  StoragePool& pool_;
  ValueFileReader reader_;
  std::string piece_;
};

}  // namespace

std::optional<RocksDbReader::Found> RocksDbReader::find_hot(const std::string& row, Instant now) {
  const auto hot = hot_.find(row);
  if (!hot) return std::nullopt;
  if (is_expired(hot->view.expiration, now)) return Found(std::nullopt);
  return Found(PinnedHead{hot, hot->view});
}

std::optional<RocksDbReader::Found> RocksDbReader::look_up(const std::string& row, Instant now, From from) {
  const auto group = history_.visible();  // before the look
  auto bytes = std::make_shared<rocksdb::PinnableSlice>();
  const auto status = from == From::memory ? store_.get_from_memory(store_.heads(), row, bytes.get())
                                           : store_.db().Get({}, store_.heads(), row, bytes.get());
  if (status.IsIncomplete()) return std::nullopt;
  if (status.IsNotFound()) return Found(std::nullopt);
  if (!status.ok()) return Found(to_error(status));
  const auto head = decode_head(to_view(*bytes), row);
  if (!head) return Found(head.error());
  if (is_expired(head->expiration, now)) return Found(std::nullopt);
  hot_.offer(row, to_view(*bytes), group);
  return Found(PinnedHead{std::move(bytes), *head});
}

Task<RocksDbReader::Found> RocksDbReader::find(std::string row, Instant now) {
  auto found = find_hot(row, now);
  if (!found) found = look_up(row, now, From::memory);
  if (found) {
    from_memory_.add();
    co_return std::move(*found);
  }
  from_disk_.add();
  auto work = [this, &row, now] { return *look_up(row, now, From::disk); };
  co_return co_await pool_.run(std::move(work));
}

Task<Result<std::optional<StoredValue>>> RocksDbReader::get(NamespaceId namespace_id, Key key, Instant now) {
  using Answer = Result<std::optional<StoredValue>>;
  std::string row = rows::head(namespace_id, key.text());
  // The way of a hot read: nothing here waits.
  if (const auto found = find_hot(row, now)) {
    const auto& head = **found;
    const bool is_whole = !head || std::holds_alternative<std::string_view>(head->view.body);
    if (is_whole) from_memory_.add();
    if (!head) return Task<Answer>::ready(std::nullopt);
    if (is_whole) return Task<Answer>::ready(head->value());
  }
  return get_row(namespace_id, std::move(row), now);
}

Task<Result<std::optional<StoredValue>>> RocksDbReader::get_row(NamespaceId namespace_id, std::string row,
                                                                Instant now) {
  std::optional<BodyRef> missing;
  for (;;) {
    const auto found = co_await find(row, now);
    if (!found) co_return found.error();
    if (!*found) co_return std::nullopt;
    const HeadView& head = (*found)->view;
    if (std::holds_alternative<std::string_view>(head.body)) co_return (*found)->value();
    const auto body = std::get<BodyRef>(head.body);
    if (missing == body) co_return fail(Errc::storage_corrupt, "a value is missing");
    auto opened = co_await open_body(namespace_id, body, head);
    if (!opened || *opened) co_return std::move(opened);
    // Overwritten or deleted since its head was read; ids are never used twice, so the next head names
    // another.
    missing = body;
  }
}

Task<RocksDbReader::Opened> RocksDbReader::open_body(NamespaceId namespace_id, const BodyRef& body,
                                                     const HeadView& head) {
  if (body.place == BodyRef::Place::row) co_return co_await open_row(namespace_id, body.id, head);
  auto work = [this, id = body.id, &head] { return open_file(id, head); };
  co_return co_await pool_.run(std::move(work));
}

std::optional<RocksDbReader::Opened> RocksDbReader::open_row(const std::string& value_row,
                                                             const HeadView& head, From from) {
  auto bytes = std::make_shared<rocksdb::PinnableSlice>();
  const auto status = from == From::memory ? store_.get_from_memory(store_.values(), value_row, bytes.get())
                                           : store_.db().Get({}, store_.values(), value_row, bytes.get());
  if (status.IsIncomplete()) return std::nullopt;
  if (status.IsNotFound()) return Opened(std::nullopt);
  if (!status.ok()) return Opened(to_error(status));
  const auto value = unseal(to_view(*bytes), value_row);
  if (!value) return Opened(value.error());
  if (value->size() != head.value_bytes)
    return Opened(fail(Errc::storage_corrupt, "a value has a wrong length"));
  return Opened(StoredValue{head.head(), PinnedBytes(std::move(bytes), *value), nullptr});
}

Task<RocksDbReader::Opened> RocksDbReader::open_row(NamespaceId namespace_id, BodyId id,
                                                    const HeadView& head) {
  const std::string row = rows::value(namespace_id, id);
  if (auto opened = open_row(row, head, From::memory)) {
    from_memory_.add();
    co_return std::move(*opened);
  }
  from_disk_.add();
  auto work = [this, &row, &head] { return *open_row(row, head, From::disk); };
  co_return co_await pool_.run(std::move(work));
}

RocksDbReader::Opened RocksDbReader::open_file(BodyId id, const HeadView& head) {
  auto file = files_.open(id);
  if (!file) return file.error();
  if (!*file) return std::nullopt;
  ValueFileReader reader(std::move(**file), id, head.value_bytes);
  auto buffer = std::make_shared<std::string>();
  const auto first = reader.read(*buffer);
  if (!first) return first.error();
  StoredValue value{head.head(), PinnedBytes(std::move(buffer), *first), nullptr};
  if (first->size() < head.value_bytes) value.rest = std::make_unique<FileSource>(pool_, std::move(reader));
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
  slice.entries.reserve(std::min(request.entries_max, limits::list_keys_max + 1));
  std::uint32_t rows_seen = 0;
  for (row->Seek(rows::head(request.namespace_id, first_key_of(request))); row->Valid(); row->Next()) {
    const auto head = decode_head(to_view(row->value()), to_view(row->key()));
    if (!head) return head.error();
    const auto key = to_view(row->key()).substr(NamespaceId::bytes_count);
    if (!is_expired(head->expiration, request.now)) {
      slice.entries.push_back({Key::from_checked(std::string(key)), head->head()});
    }
    if (slice.entries.size() < request.entries_max && ++rows_seen < limits::list_rows_per_slice) continue;
    std::string last(key);
    row->Next();
    if (row->Valid()) slice.resume_after = std::move(last);
    break;
  }
  if (!row->status().ok()) return to_error(row->status());
  return slice;
}

}  // namespace cubby
