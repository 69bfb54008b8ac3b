#include "store/rocksdb_engine.hpp"

#include <atomic>

#include "core/expiration.hpp"
#include "core/limits.hpp"
#include "core/resume.hpp"
#include "store/admission.hpp"
#include "store/background_work.hpp"
#include "store/bytes.hpp"
#include "store/ordering.hpp"
#include "store/rocksdb_backup.hpp"
#include "store/rocksdb_catalog.hpp"
#include "store/rocksdb_commits.hpp"
#include "store/rocksdb_expiry.hpp"
#include "store/rocksdb_figures.hpp"
#include "store/rocksdb_garbage.hpp"
#include "store/rocksdb_reader.hpp"
#include "store/rocksdb_reclaim.hpp"
#include "store/rocksdb_recount.hpp"
#include "store/rocksdb_removal_work.hpp"
#include "store/rocksdb_store.hpp"
#include "store/rocksdb_table_check.hpp"
#include "store/rocksdb_upload.hpp"
#include "store/storage_pool.hpp"

namespace cubby {
namespace {

using Batch = RocksDbBatch;

class RocksDbEngine final : public Engine {
 public:
  RocksDbEngine(std::unique_ptr<RocksDbStore> store, std::size_t storage_threads)
      : store_(std::move(store)),
        files_(store_->value_folder(), store_->file_system()),
        garbage_(*store_, files_),
        reclaim_(*store_, pool_, background_),
        pool_(storage_threads),
        reader_(*store_, files_, pool_, hot_, history_),
        removals_(*store_, history_, pool_, background_, commits_),
        catalog_(*store_, removals_, commits_),
        expiry_(*store_, catalog_.index()),
        figures_(*store_),
        backup_(*store_, files_, garbage_),
        commits_([this] { return Batch(*store_, history_); }, [this](Batch& batch) { return write(batch); }) {
    store_->space().when_short([this] { reclaim_.request(); });
  }

  ~RocksDbEngine() override {
    backup_.stop();
    reclaim_.stop();
    background_.stop();
  }

  // Brings what is kept in memory back. Called once, before anything else.
  Result<void> recover();

  Task<Result<std::optional<StoredValue>>> get(NamespaceId namespace_id, Key key, Instant now) override {
    if (!catalog_.index().contains(namespace_id)) return nothing<std::optional<StoredValue>>();
    return reader_.get(namespace_id, std::move(key), now);
  }
  Task<Result<std::optional<Head>>> head(NamespaceId namespace_id, Key key, Instant now) override {
    if (!catalog_.index().contains(namespace_id)) return nothing<std::optional<Head>>();
    return reader_.head(namespace_id, std::move(key), now);
  }
  Task<Result<ScanSlice>> scan(ScanRequest request) override {
    if (!catalog_.index().contains(request.namespace_id)) return nothing<ScanSlice>();
    return reader_.scan(std::move(request));
  }
  std::unique_ptr<Upload> begin_upload(NamespaceId namespace_id) override;
  Task<Result<Version>> apply(NamespaceId namespace_id, std::vector<Mutation> mutations,
                              Timestamp written_at) override;

  Task<Result<CountedUsage>> usage(NamespaceId namespace_id, Instant now) override;
  Task<Result<Usage>> recount(NamespaceId namespace_id, Instant now) override;
  Task<Result<Swept>> sweep(Instant now, std::uint32_t rows_max) override;
  Task<Result<void>> check_writable() override;
  Task<Result<EngineFigures>> figures(Instant now) override;
  Task<Result<BackupInfo>> back_up(std::filesystem::path folder, std::size_t keep) override;
  Task<Result<std::vector<BackupInfo>>> backups(std::filesystem::path folder) override;
  void stop_backups() override { backup_.stop(); }

  Task<Result<void>> create_namespace(Namespace created) override {
    return catalog_.create(std::move(created));
  }
  Task<Result<Namespace>> rename_namespace(NamespaceId id, Title title) override {
    return catalog_.rename(id, std::move(title));
  }
  Task<Result<void>> remove_namespace(NamespaceId id) override { return catalog_.remove(id); }
  Task<Result<void>> put_account(Account account) override { return catalog_.put(std::move(account)); }
  Task<Result<void>> put_token(Token token) override { return catalog_.put(std::move(token)); }

  std::uint64_t access_generation() const override { return catalog_.index().access_generation(); }
  Task<Result<std::optional<Namespace>>> find_namespace(NamespaceId id) override {
    return Task<Result<std::optional<Namespace>>>::ready(catalog_.index().find(id));
  }
  Task<Result<std::optional<Namespace>>> find_namespace_by_title(AccountId account, Title title) override {
    co_return catalog_.index().find(account, title);
  }
  Task<Result<std::vector<Namespace>>> namespaces(AccountId account) override {
    co_return catalog_.index().namespaces(account);
  }
  Task<Result<std::optional<Account>>> find_account(AccountId id) override {
    co_return catalog_.index().find(id);
  }
  Task<Result<std::vector<Account>>> accounts() override { co_return catalog_.index().accounts(); }
  Task<Result<std::optional<Token>>> find_token(TokenHash hash) override {
    co_return catalog_.index().find(hash);
  }
  Task<Result<std::vector<Token>>> tokens() override { co_return catalog_.index().tokens(); }

 private:
  struct Apply;
  void prepare(Apply& apply) const;
  Result<void> stage(Batch& batch, Apply& apply);
  void stage_mutation(Batch& batch, const Apply& apply, const Mutation& mutation, Batch::Slot& slot);

  // What a namespace answers that was removed, or never was: its rows may still be there.
  template <class T>
  static Task<Result<T>> nothing() {
    return Task<Result<T>>::ready(T{});
  }

  Result<void> write(Batch& batch);
  void collect_garbage();

  const std::unique_ptr<RocksDbStore> store_;
  ValueFiles files_;
  RocksDbGarbage garbage_;
  Version last_version_{};  // the commit thread's
  std::uint64_t start_ = 0;
  std::atomic<std::uint64_t> next_body_ = 0;
  RocksDbReclaim reclaim_;  // asked for by whoever writes
  StoragePool pool_;        // ends after the commits: a refused one hands it bodies to remove
  HotHeads hot_{limits::hot_heads_max};
  CommitHistory history_{hot_};
  RocksDbReader reader_;
  BackgroundWork background_;
  RocksDbRemovalWork removals_;
  RocksDbCatalog catalog_;
  RocksDbExpiry expiry_;
  RocksDbFigures figures_;
  RocksDbBackup backup_;
  StoragePool backup_thread_{1};  // takes long, and keeps nobody who waits for the disk from it
  Admission admission_{limits::bulk_request_bytes_max};
  RocksDbCommits commits_;  // last: its thread uses all of the above
};

// ---- Opening

Result<void> RocksDbEngine::recover() {
  if (auto loaded = catalog_.load(); !loaded) return loaded;
  const auto last_version = store_->read_counter(last_version_row);
  if (!last_version) return last_version.error();
  last_version_ = Version{last_version->value_or(0)};
  const auto starts = store_->read_counter(starts_row);
  if (!starts) return starts.error();
  start_ = starts->value_or(0) + 1;
  rocksdb::WriteBatch batch;
  store_->put_counter(batch, starts_row, start_);
  if (auto written = store_->write(batch, RocksDbStore::Sync::yes, DiskSpace::Use::start); !written)
    return written;
  if (auto removals = removals_.recover(); !removals) return removals;
  collect_garbage();
  return {};
}

// ---- Writing

std::unique_ptr<Upload> RocksDbEngine::begin_upload(NamespaceId namespace_id) {
  const BodyStorage storage{*store_, files_, garbage_, pool_};
  return std::make_unique<RocksDbUpload>(storage, namespace_id, make_body_id(start_, next_body_++));
}

Result<void> RocksDbEngine::write(Batch& batch) {
  auto written = batch.write();
  if (written) removals_.go_on();
  if (written && !batch.dropped().empty()) {
    pool_.run_detached([this, dropped = batch.dropped()] {
      // What is not removed now has its row, and the next start tries again.
      for (const auto& [id, files] : dropped)
        [[maybe_unused]] const auto removed = garbage_.remove(id, files);
    });
  }
  return written;
}

struct RocksDbEngine::Apply {
  NamespaceId namespace_id;
  std::vector<Mutation> mutations;
  Timestamp written_at;
  std::vector<std::string> rows{};  // of the heads, by mutation
  Prefetched old{};
  std::size_t bytes = 0;  // that it may add to a batch, about
  bool has_put = false;
  Version version{};
};

Task<Result<Version>> RocksDbEngine::apply(NamespaceId namespace_id, std::vector<Mutation> mutations,
                                           Timestamp written_at) {
  using Answer = Result<Version>;
  auto apply = std::make_shared<Apply>(Apply{namespace_id, std::move(mutations), written_at});
  prepare(*apply);
  co_await admission_.enter(apply->bytes);
  apply->old = co_await prefetch(*store_, history_, pool_, apply->rows);
  // Named: GCC 12 destroys the captures of a temporary lambda twice when it stands in a `co_await`
  // expression.
  auto start = [this, apply](std::function<void(Answer)> resume) {
    commits_.push({.stage = [this, apply](Batch& batch) { return stage(batch, *apply); },
                   .done =
                       [this, apply, resume](Result<void> written) {
                         admission_.leave(apply->bytes);
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

void RocksDbEngine::prepare(Apply& apply) const {
  apply.rows.reserve(apply.mutations.size());
  for (const Mutation& mutation : apply.mutations) {
    const Key& key = std::visit([](const auto& each) -> const Key& { return each.key; }, mutation);
    apply.rows.push_back(rows::head(apply.namespace_id, key.text()));
    apply.bytes += 100 + key.text().size();
    if (const auto* const put = std::get_if<Put>(&mutation)) {
      apply.has_put = true;
      const auto body = static_cast<const RocksDbUpload&>(*put->value).body();
      if (const auto* const value = std::get_if<std::string_view>(&body)) apply.bytes += value->size();
      if (put->metadata) apply.bytes += put->metadata->text().size();
    }
  }
}

Result<void> RocksDbEngine::stage(Batch& batch, Apply& apply) {
  if (!catalog_.index().contains(apply.namespace_id)) return fail(Errc::namespace_not_found);
  if (apply.has_put) {
    // In the log, and again in a table.
    const std::uint64_t staged = 2 * batch.rows().GetDataSize();
    auto room = store_->space().take(2 * std::uint64_t{apply.bytes}, DiskSpace::Use::put, staged);
    if (!room) return room;
  }
  // All that may fail comes before the first row: a change that is refused must leave the batch as it was.
  batch.reserve(apply.rows.size(), apply.bytes);
  std::vector<Batch::Slot*> slots;
  slots.reserve(apply.mutations.size());
  for (std::size_t i = 0; i < apply.rows.size(); ++i) {
    const auto slot = batch.find(std::move(apply.rows[i]), apply.old.heads[i], apply.old.group);
    if (!slot) return slot.error();
    slots.push_back(*slot);
  }
  apply.version = last_version_ = next_version(last_version_, apply.written_at);
  for (std::size_t i = 0; i < slots.size(); ++i) stage_mutation(batch, apply, apply.mutations[i], *slots[i]);
  batch.set_last_version(last_version_);
  return {};
}

void RocksDbEngine::stage_mutation(Batch& batch, const Apply& apply, const Mutation& mutation,
                                   Batch::Slot& slot) {
  const auto* const put = std::get_if<Put>(&mutation);
  if (!put) return batch.remove(slot);
  const auto& upload = static_cast<const RocksDbUpload&>(*put->value);
  HeadView head{apply.version, put->expiration, {}, upload.bytes_count(), upload.body()};
  if (put->metadata) head.metadata = put->metadata->text();
  if (put->expiration) expiry_.expect(*put->expiration);
  batch.put(slot, head);
}

// ---- Usage and expiry

Task<Result<CountedUsage>> RocksDbEngine::usage(NamespaceId namespace_id, Instant now) {
  auto work = [this, namespace_id, now]() -> Result<CountedUsage> {
    if (!catalog_.index().contains(namespace_id)) return CountedUsage{};
    const auto counters = read_usage(*store_, namespace_id, now);
    if (!counters) return counters.error();
    return CountedUsage{counters->at(now)};
  };
  co_return co_await pool_.run(std::move(work));
}

Task<Result<Usage>> RocksDbEngine::recount(NamespaceId namespace_id, Instant now) {
  if (!catalog_.index().contains(namespace_id)) co_return Usage{};
  LoneChange<std::monostate> reset;
  reset.stage = [this, namespace_id](Batch& batch) -> Result<std::monostate> {
    const auto done = reset_unreadable_usage(*store_, namespace_id, batch.rows());
    if (!done) return done.error();
    return std::monostate{};
  };
  if (const auto done = co_await commit_alone(commits_, std::move(reset)); !done) co_return done.error();
  auto work = [this, namespace_id] { return count_heads(*store_, namespace_id); };
  auto counted = co_await pool_.run(std::move(work));
  if (!counted) co_return counted.error();
  if (counted->correction != NamespaceCount{}) {
    // Differences as of one moment: what was written since is counted by its own batch.
    LoneChange<std::monostate> correct;
    correct.stage = [namespace_id, correction = counted->correction](Batch& batch) -> Result<std::monostate> {
      batch.correct_usage(namespace_id, correction);
      return std::monostate{};
    };
    if (const auto done = co_await commit_alone(commits_, std::move(correct)); !done) co_return done.error();
  }
  co_return counted->count.at(now);
}

Task<Result<Swept>> RocksDbEngine::sweep(Instant now, std::uint32_t rows_max) {
  // Mostly nothing is due, and the commit thread need not know.
  auto look = [this, now, rows_max] { return expiry_.look(now, rows_max); };
  const auto is_due = co_await pool_.run(std::move(look));
  if (!is_due) co_return is_due.error();
  if (!*is_due) co_return Swept{};
  LoneChange<RocksDbExpiry::Staged> change;
  change.stage = [this, now, rows_max](Batch& batch) { return expiry_.stage(batch, now, rows_max); };
  change.then = [this](const RocksDbExpiry::Staged& staged) { expiry_.confirm(staged); };
  const auto done = co_await commit_alone(commits_, std::move(change));
  if (!done) co_return done.error();
  co_return done->swept;
}

Task<Result<void>> RocksDbEngine::check_writable() {
  auto work = [this] { return store_->check_writable(); };
  co_return co_await pool_.run(std::move(work));
}

Task<Result<EngineFigures>> RocksDbEngine::figures(Instant now) {
  auto work = [this, now] {
    EngineFigures figures;
    figures.commits_waiting = commits_.waiting();
    figures.commits_count = commits_.changes();
    commits_.writes().add_to(figures.commits);
    figures.reads_from_memory = reader_.reads_from_memory();
    figures.reads_from_disk = reader_.reads_from_disk();
    figures_.add_to(figures, now);
    return Result<EngineFigures>(std::move(figures));
  };
  co_return co_await pool_.run(std::move(work));
}

// ---- Backups

Task<Result<BackupInfo>> RocksDbEngine::back_up(std::filesystem::path folder, std::size_t keep) {
  auto work = [this, &folder, keep] { return backup_.make(folder, keep); };
  co_return co_await backup_thread_.run(std::move(work));
}

Task<Result<std::vector<BackupInfo>>> RocksDbEngine::backups(std::filesystem::path folder) {
  auto work = [&folder] { return list_backups(folder); };
  co_return co_await pool_.run(std::move(work));
}

// ---- Background work

void RocksDbEngine::collect_garbage() {
  if (!background_.begin()) return;
  pool_.run_detached([this] {
    const auto is_done = garbage_.collect_some(start_);
    if (is_done && !*is_done) collect_garbage();
    background_.end();
  });
}

}  // namespace

Result<std::unique_ptr<Engine>> open_rocksdb_engine(const RocksDbOptions& options) {
  auto store = RocksDbStore::open(options);
  if (!store) return store.error();
  auto engine = std::make_unique<RocksDbEngine>(std::move(*store), options.storage_threads);
  if (const auto recovered = engine->recover(); !recovered)
    return naming_tables(recovered.error(), options.data_directory / "db");
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace cubby
