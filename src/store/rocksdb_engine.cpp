#include "store/rocksdb_engine.hpp"

#include <rocksdb/snapshot.h>

#include <atomic>

#include "core/expiration.hpp"
#include "core/limits.hpp"
#include "core/resume.hpp"
#include "store/bytes.hpp"
#include "store/catalog.hpp"
#include "store/catalog_record.hpp"
#include "store/commit_queue.hpp"
#include "store/ordering.hpp"
#include "store/rocksdb_store.hpp"
#include "store/rocksdb_upload.hpp"
#include "store/storage_pool.hpp"

namespace cubby {
namespace {

// Rows of the meta family. On disk: never change them.
constexpr std::string_view last_version_row = "last_version";
constexpr std::string_view starts_row =
    "starts";  // how often the store was opened; the upper part of body ids
constexpr unsigned body_counter_bits = 40;

// One group of changes; the index lets a change see what an earlier one of the same group wrote.
using Batch = rocksdb::WriteBatchWithIndex;

class RocksDbEngine final : public Engine {
 public:
  RocksDbEngine(std::unique_ptr<RocksDbStore> store, std::size_t storage_threads)
      : store_(std::move(store)),
        pool_(storage_threads),
        commits_(
            [] { return Batch(rocksdb::BytewiseComparator(), 0, /*overwrite_key=*/true); },
            [this](Batch& batch) { return store_->write(*batch.GetWriteBatch(), RocksDbStore::Sync::yes); }) {
  }

  // Brings what is kept in memory back. Called once, before anything else.
  Result<void> recover();

  Task<Result<std::optional<StoredValue>>> get(NamespaceId namespace_id, Key key, Instant now) override;
  Task<Result<std::optional<Head>>> head(NamespaceId namespace_id, Key key, Instant now) override;
  Task<Result<ScanSlice>> scan(ScanRequest request) override;
  std::unique_ptr<Upload> begin_upload(NamespaceId namespace_id) override;
  Task<Result<Version>> apply(NamespaceId namespace_id, std::vector<Mutation> mutations,
                              Timestamp written_at) override;

  Task<Result<void>> create_namespace(Namespace created) override;
  Task<Result<Namespace>> rename_namespace(NamespaceId id, Title title) override;
  Task<Result<void>> remove_namespace(NamespaceId id) override;
  Task<Result<void>> put_account(Account account) override;
  Task<Result<void>> put_token(Token token) override;

  Task<Result<std::optional<Namespace>>> find_namespace(NamespaceId id) override {
    co_return catalog_.find(id);
  }
  Task<Result<std::vector<Namespace>>> namespaces(AccountId account) override {
    co_return catalog_.namespaces(account);
  }
  Task<Result<std::optional<Account>>> find_account(AccountId id) override { co_return catalog_.find(id); }
  Task<Result<std::vector<Account>>> accounts() override { co_return catalog_.accounts(); }
  Task<Result<std::optional<Token>>> find_token(TokenHash hash) override { co_return catalog_.find(hash); }
  Task<Result<std::vector<Token>>> tokens() override { co_return catalog_.tokens(); }

 private:
  enum class From { memory, disk };
  // Nothing: not stored. Errors with `From::memory` when only the disk knows.
  struct OnlyOnDisk {};
  using Lookup = std::variant<OnlyOnDisk, Result<std::optional<HeadRecord>>>;
  Lookup look_up(const std::string& row, From from, const rocksdb::Snapshot* snapshot);
  Task<Result<std::optional<HeadRecord>>> find_record(std::string row);
  Result<std::optional<StoredValue>> open_pieces(NamespaceId namespace_id, const Key& key, Instant now);
  Result<ScanSlice> scan_rows(const ScanRequest& request);

  struct Apply;
  Result<void> stage(Batch& batch, Apply& apply);
  Result<void> stage_mutation(Batch& batch, Apply& apply, Mutation& mutation);

  template <class T>
  Task<Result<T>> commit_catalog(std::function<Result<T>(Batch&)> stage, std::function<void(const T&)> then);
  void stage_row(Batch& batch, const CatalogRow& row);

  Result<std::optional<std::uint64_t>> read_counter(std::string_view row);
  Result<void> load_catalog();

  const std::unique_ptr<RocksDbStore> store_;
  Catalog catalog_;
  Version last_version_{};  // the commit thread's
  std::atomic<std::uint64_t> next_body_ = 0;
  StoragePool pool_;            // ends after the commits: a refused one hands it pieces to remove
  CommitQueue<Batch> commits_;  // last: its thread uses all of the above
};

// ---- Opening

std::string counter_value(std::uint64_t value, std::string_view row) {
  std::string bytes;
  append_little_endian(bytes, value);
  seal(bytes, row);
  return bytes;
}

Result<std::optional<std::uint64_t>> RocksDbEngine::read_counter(std::string_view row) {
  std::string bytes;
  const auto status = store_->db().Get({}, store_->meta(), to_slice(row), &bytes);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return to_error(status);
  const auto content = unseal(bytes, row);
  if (!content) return content.error();
  ByteReader reader(*content);
  return reader.little_endian<std::uint64_t>();
}

Result<void> RocksDbEngine::load_catalog() {
  const std::unique_ptr<rocksdb::Iterator> each(store_->db().NewIterator({}, store_->catalog()));
  for (each->SeekToFirst(); each->Valid(); each->Next()) {
    const auto row = decode_catalog_row(to_view(each->value()), to_view(each->key()));
    if (!row) return row.error();
    std::visit([this](const auto& known) { catalog_.put(known); }, *row);
  }
  if (!each->status().ok()) return to_error(each->status());
  return {};
}

Result<void> RocksDbEngine::recover() {
  if (auto loaded = load_catalog(); !loaded) return loaded;
  const auto last_version = read_counter(last_version_row);
  if (!last_version) return last_version.error();
  last_version_ = Version{last_version->value_or(0)};
  const auto starts = read_counter(starts_row);
  if (!starts) return starts.error();
  const std::uint64_t start = starts->value_or(0) + 1;
  next_body_ = start << body_counter_bits;
  rocksdb::WriteBatch batch;
  batch.Put(store_->meta(), to_slice(starts_row), counter_value(start, starts_row));
  if (auto written = store_->write(batch, RocksDbStore::Sync::yes); !written) return written;
  return store_->collect_unfinished_uploads();
}

// ---- Reading

RocksDbEngine::Lookup RocksDbEngine::look_up(const std::string& row, From from,
                                             const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  if (from == From::memory) options.read_tier = rocksdb::kBlockCacheTier;
  rocksdb::PinnableSlice bytes;
  const auto status = store_->db().Get(options, store_->heads(), row, &bytes);
  if (status.IsIncomplete()) return OnlyOnDisk{};
  if (status.IsNotFound()) return Result<std::optional<HeadRecord>>(std::nullopt);
  if (!status.ok()) return Result<std::optional<HeadRecord>>(to_error(status));
  auto record = decode_head(to_view(bytes), row);
  if (!record) return Result<std::optional<HeadRecord>>(record.error());
  return Result<std::optional<HeadRecord>>(std::move(*record));
}

Task<Result<std::optional<HeadRecord>>> RocksDbEngine::find_record(std::string row) {
  using Found = Result<std::optional<HeadRecord>>;
  // What is in memory is answered on the loop; only a miss goes to a storage thread.
  auto from_memory = look_up(row, From::memory, nullptr);
  if (auto* found = std::get_if<Found>(&from_memory)) co_return std::move(*found);
  auto work = [this, &row] { return std::get<Found>(look_up(row, From::disk, nullptr)); };
  co_return co_await pool_.run(std::move(work));
}

Task<Result<std::optional<StoredValue>>> RocksDbEngine::get(NamespaceId namespace_id, Key key, Instant now) {
  auto record = co_await find_record(rows::head(namespace_id, key.text()));
  if (!record) co_return record.error();
  if (!*record || is_expired((*record)->head.expiration, now)) co_return std::nullopt;
  if (auto* bytes = std::get_if<std::string>(&(*record)->body)) {
    co_return StoredValue{.head = std::move((*record)->head), .bytes = std::move(*bytes), .rest = nullptr};
  }
  auto work = [this, namespace_id, &key, now] { return open_pieces(namespace_id, key, now); };
  co_return co_await pool_.run(std::move(work));
}

// The head is read again, under the snapshot that the pieces are read from: an overwrite in between took them
// away.
Result<std::optional<StoredValue>> RocksDbEngine::open_pieces(NamespaceId namespace_id, const Key& key,
                                                              Instant now) {
  auto snapshot = std::make_shared<rocksdb::ManagedSnapshot>(&store_->db());
  auto lookup = look_up(rows::head(namespace_id, key.text()), From::disk, snapshot->snapshot());
  auto& record = std::get<Result<std::optional<HeadRecord>>>(lookup);
  if (!record) return record.error();
  if (!*record || is_expired((*record)->head.expiration, now)) return std::nullopt;
  StoredValue value{.head = std::move((*record)->head), .bytes = {}, .rest = nullptr};
  if (auto* bytes = std::get_if<std::string>(&(*record)->body)) {
    value.bytes = std::move(*bytes);
    return value;
  }
  const auto body = std::get<Pieces>((*record)->body).body;
  auto first = read_piece(*store_, snapshot->snapshot(), namespace_id, body, 0);
  if (!first) return first.error();
  value.bytes = std::move(*first);
  if (value.bytes.size() > value.head.value_bytes) return fail(Errc::storage_corrupt, "a piece is too long");
  if (const auto left = value.head.value_bytes - value.bytes.size(); left > 0) {
    value.rest = make_piece_source(*store_, pool_, std::move(snapshot), namespace_id, body, left);
  }
  return value;
}

Task<Result<std::optional<Head>>> RocksDbEngine::head(NamespaceId namespace_id, Key key, Instant now) {
  auto record = co_await find_record(rows::head(namespace_id, key.text()));
  if (!record) co_return record.error();
  if (!*record || is_expired((*record)->head.expiration, now)) co_return std::nullopt;
  co_return std::move((*record)->head);
}

Task<Result<ScanSlice>> RocksDbEngine::scan(ScanRequest request) {
  auto work = [this, &request] { return scan_rows(request); };
  co_return co_await pool_.run(std::move(work));
}

Result<ScanSlice> RocksDbEngine::scan_rows(const ScanRequest& request) {
  const std::string end = rows::after_prefix(rows::head(request.namespace_id, request.prefix));
  const rocksdb::Slice upper_bound = end;
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> row(store_->db().NewIterator(options, store_->heads()));
  ScanSlice slice;
  std::string last;
  std::uint32_t rows_seen = 0;
  for (row->Seek(rows::head(request.namespace_id, first_key_of(request))); row->Valid(); row->Next()) {
    if (slice.entries.size() == request.entries_max || rows_seen++ == limits::list_rows_per_slice) {
      slice.resume_after = std::move(last);
      return slice;
    }
    auto record = decode_head(to_view(row->value()), to_view(row->key()));
    if (!record) return record.error();
    last = to_view(row->key()).substr(NamespaceId::bytes_count);
    if (is_expired(record->head.expiration, request.now)) continue;
    auto key = Key::parse(last);
    if (!key) return fail(Errc::storage_corrupt, "a row's key is no key");
    slice.entries.push_back({std::move(*key), std::move(record->head)});
  }
  if (!row->status().ok()) return to_error(row->status());
  return slice;
}

// ---- Writing

std::unique_ptr<Upload> RocksDbEngine::begin_upload(NamespaceId namespace_id) {
  return std::make_unique<RocksDbUpload>(*store_, pool_, namespace_id, BodyId{next_body_++});
}

struct RocksDbEngine::Apply {
  NamespaceId namespace_id;
  std::vector<Mutation> mutations;
  Timestamp written_at;
  Version version{};
};

Task<Result<Version>> RocksDbEngine::apply(NamespaceId namespace_id, std::vector<Mutation> mutations,
                                           Timestamp written_at) {
  using Answer = Result<Version>;
  auto apply = std::make_shared<Apply>(Apply{namespace_id, std::move(mutations), written_at});
  // Named: GCC 12 destroys the captures of a temporary lambda twice when it stands in a `co_await`
  // expression.
  auto start = [this, apply](std::function<void(Answer)> resume) {
    commits_.push({.stage = [this, apply](Batch& batch) { return stage(batch, *apply); },
                   .done =
                       [apply, resume](Result<void> written) {
                         if (!written) return resume(written.error());
                         for (auto& mutation : apply->mutations) {
                           auto* put = std::get_if<Put>(&mutation);
                           if (put) static_cast<RocksDbUpload&>(*put->value).mark_committed();
                         }
                         resume(apply->version);
                       }});
  };
  co_return co_await resume_later<Answer>(std::move(start));
}

Result<void> RocksDbEngine::stage(Batch& batch, Apply& apply) {
  if (!catalog_.find(apply.namespace_id)) return fail(Errc::namespace_not_found);
  apply.version = last_version_ = next_version(last_version_, apply.written_at);
  batch.SetSavePoint();
  for (auto& mutation : apply.mutations) {
    if (auto staged = stage_mutation(batch, apply, mutation); !staged) {
      batch.RollbackToSavePoint();
      return staged;
    }
  }
  batch.PopSavePoint();
  batch.Put(store_->meta(), to_slice(last_version_row),
            counter_value(static_cast<std::uint64_t>(last_version_), last_version_row));
  return {};
}

Result<void> RocksDbEngine::stage_mutation(Batch& batch, Apply& apply, Mutation& mutation) {
  const Key& key = std::visit([](const auto& each) -> const Key& { return each.key; }, mutation);
  const std::string row = rows::head(apply.namespace_id, key.text());
  // The old head names the pieces that nobody will need any more.
  rocksdb::PinnableSlice old_bytes;
  const auto status = batch.GetFromBatchAndDB(&store_->db(), {}, store_->heads(), row, &old_bytes);
  if (!status.ok() && !status.IsNotFound()) return to_error(status);
  if (status.ok()) {
    const auto old = decode_head(to_view(old_bytes), row);
    if (!old) return old.error();
    if (const auto* pieces = std::get_if<Pieces>(&old->body)) {
      store_->remove_pieces(batch, apply.namespace_id, *pieces);
    }
  }
  auto* put = std::get_if<Put>(&mutation);
  if (!put) {
    batch.Delete(store_->heads(), row);
    return {};
  }
  const auto& upload = static_cast<const RocksDbUpload&>(*put->value);
  const HeadRecord record{{apply.version, put->expiration, put->metadata, upload.bytes_count()},
                          upload.body()};
  batch.Put(store_->heads(), row, encode_head(record, row));
  if (std::holds_alternative<Pieces>(record.body)) {
    batch.Delete(store_->uploads(), rows::upload(apply.namespace_id, upload.id()));
  }
  return {};
}

// ---- Catalog

template <class T>
Task<Result<T>> RocksDbEngine::commit_catalog(std::function<Result<T>(Batch&)> stage,
                                              std::function<void(const T&)> then) {
  using Answer = Result<T>;
  auto staged = std::make_shared<std::optional<T>>();
  co_return co_await resume_later<Answer>([&](std::function<void(Answer)> resume) {
    commits_.push({.stage = [staged, stage = std::move(stage)](Batch& batch) -> Result<void> {
                     auto result = stage(batch);
                     if (!result) return result.error();
                     staged->emplace(std::move(*result));
                     return {};
                   },
                   .done =
                       [staged, then = std::move(then), resume](Result<void> written) {
                         if (!written) return resume(written.error());
                         then(**staged);
                         resume(std::move(**staged));
                       },
                   .is_exclusive = true});
  });
}

void RocksDbEngine::stage_row(Batch& batch, const CatalogRow& row) {
  batch.Put(store_->catalog(), catalog_place(row), encode_catalog_row(row));
}

Task<Result<void>> RocksDbEngine::create_namespace(Namespace created) {
  std::function<Result<Namespace>(Batch&)> stage = [this, created](Batch& batch) -> Result<Namespace> {
    if (const auto checked = catalog_.check_create(created); !checked) return checked.error();
    stage_row(batch, created);
    return created;
  };
  auto result =
      co_await commit_catalog<Namespace>(std::move(stage), [this](const auto& row) { catalog_.put(row); });
  if (!result) co_return result.error();
  co_return Result<void>{};
}

Task<Result<Namespace>> RocksDbEngine::rename_namespace(NamespaceId id, Title title) {
  std::function<Result<Namespace>(Batch&)> stage = [this, id, title](Batch& batch) -> Result<Namespace> {
    auto renamed = catalog_.check_rename(id, title);
    if (renamed) stage_row(batch, *renamed);
    return renamed;
  };
  co_return co_await commit_catalog<Namespace>(std::move(stage),
                                               [this](const auto& row) { catalog_.put(row); });
}

Task<Result<void>> RocksDbEngine::remove_namespace(NamespaceId id) {
  std::function<Result<NamespaceId>(Batch&)> stage = [this, id](Batch& batch) -> Result<NamespaceId> {
    const auto found = catalog_.find(id);
    if (!found) return fail(Errc::namespace_not_found);
    const std::string first(id.view());
    const std::string last = rows::after_prefix(first);
    // Range deletions bypass the batch's index; nothing reads this batch, because the change has it alone.
    auto* const unindexed = batch.GetWriteBatch();
    unindexed->DeleteRange(store_->heads(), first, last);
    unindexed->DeleteRange(store_->values(), first, last);
    unindexed->Delete(store_->catalog(), catalog_place(*found));
    return id;
  };
  auto result = co_await commit_catalog<NamespaceId>(
      std::move(stage), [this](const auto& removed) { catalog_.remove(removed); });
  if (!result) co_return result.error();
  co_return Result<void>{};
}

Task<Result<void>> RocksDbEngine::put_account(Account account) {
  std::function<Result<Account>(Batch&)> stage = [this, account](Batch& batch) -> Result<Account> {
    stage_row(batch, account);
    return account;
  };
  auto result =
      co_await commit_catalog<Account>(std::move(stage), [this](const auto& row) { catalog_.put(row); });
  if (!result) co_return result.error();
  co_return Result<void>{};
}

Task<Result<void>> RocksDbEngine::put_token(Token token) {
  std::function<Result<Token>(Batch&)> stage = [this, token](Batch& batch) -> Result<Token> {
    stage_row(batch, token);
    return token;
  };
  auto result =
      co_await commit_catalog<Token>(std::move(stage), [this](const auto& row) { catalog_.put(row); });
  if (!result) co_return result.error();
  co_return Result<void>{};
}

}  // namespace

Result<std::unique_ptr<Engine>> open_rocksdb_engine(const RocksDbOptions& options) {
  auto store = RocksDbStore::open(options.data_directory, options.block_cache_bytes);
  if (!store) return store.error();
  auto engine = std::make_unique<RocksDbEngine>(std::move(*store), options.storage_threads);
  if (const auto recovered = engine->recover(); !recovered) return recovered.error();
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace cubby
