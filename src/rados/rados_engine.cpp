#include "rados/rados_engine.hpp"

#include "core/limits.hpp"
#include "rados/rados_applier.hpp"
#include "rados/rados_balancer.hpp"
#include "rados/rados_body_ids.hpp"
#include "rados/rados_catalog.hpp"
#include "rados/rados_collector.hpp"
#include "rados/rados_counts.hpp"
#include "rados/rados_index.hpp"
#include "rados/rados_layout.hpp"
#include "rados/rados_orphans.hpp"
#include "rados/rados_own_shards.hpp"
#include "rados/rados_parts.hpp"
#include "rados/rados_pool.hpp"
#include "rados/rados_reader.hpp"
#include "rados/rados_sweeper.hpp"
#include "rados/rados_upload.hpp"
#include "rados/rados_usage.hpp"
#include "rados/rados_writer.hpp"
#include "store/admission.hpp"
#include "store/catalog_record.hpp"
#include "store/storage_pool.hpp"

namespace cubby {
namespace {

using namespace rados_layout;

class RadosEngine final : public Engine {
 public:
  RadosEngine(std::unique_ptr<RadosConnection> connection, std::unique_ptr<RadosCatalog> catalog,
              Version last_version, const RadosOptions& options)
      : connection_(std::move(connection)),
        catalog_(std::move(catalog)),
        router_(index()),
        balancer_(index(), router_, options.sharding, clock_),
        reader_(router_, data()),
        usage_(router_, options.sharding),
        counts_(index(), router_, balancer_),
        ids_(index(), clock_),
        writer_(index(), data(), balancer_, ids_, clock_, last_version),
        applier_(router_, writer_, balancer_),
        indexes_(index(), data(), router_, balancer_, options.sharding, clock_),
        orphans_(index(), data(), *catalog_, router_, balancer_, clock_),
        parts_(index(), options.upkeep),
        own_shards_(index(), parts_),
        sweeper_(*catalog_, parts_, own_shards_, router_, applier_),
        collector_(*catalog_, indexes_, ids_, orphans_, parts_, own_shards_, clock_) {}

  ~RadosEngine() override { catalog_->keep_last_version(writer_.last_version()); }

  Task<Result<std::optional<StoredValue>>> get(NamespaceId namespace_id, Key key, Instant now) override {
    auto read = [this, key = std::move(key), now](RadosPlace place) { return reader_.get(place, key, now); };
    return at_place<std::optional<StoredValue>>(namespace_id, std::move(read));
  }
  Task<Result<std::optional<Head>>> head(NamespaceId namespace_id, Key key, Instant now) override {
    auto read = [this, key = std::move(key), now](RadosPlace place) { return reader_.head(place, key, now); };
    return at_place<std::optional<Head>>(namespace_id, std::move(read));
  }
  Task<Result<ScanSlice>> scan(ScanRequest request) override {
    const NamespaceId id = request.namespace_id;
    auto read = [this, request = std::move(request)](RadosPlace place) {
      return reader_.scan(place, request);
    };
    return at_place<ScanSlice>(id, std::move(read));
  }
  // Whether the cluster answers, asked within the last second.
  Task<Result<void>> check_writable() override {
    const auto catalog = co_await catalog_->current();
    if (!catalog) co_return catalog.error();
    co_return Result<void>{};
  }
  // The cluster tells about itself.
  Task<Result<EngineFigures>> figures(Instant) override { co_return EngineFigures{}; }

  Task<Result<CountedUsage>> usage(NamespaceId namespace_id, Instant now) override {
    auto read = [this, now](RadosPlace place) { return usage_.of(place, now); };
    return at_place<CountedUsage>(namespace_id, std::move(read));
  }
  Task<Result<Usage>> recount(NamespaceId namespace_id, Instant now) override {
    auto read = [this, now](RadosPlace place) { return counts_.recount(place, now); };
    return at_place<Usage>(namespace_id, std::move(read));
  }

  std::unique_ptr<Upload> begin_upload(NamespaceId namespace_id) override {
    auto discard = [this](RadosBody body) { writer_.discard(body); };
    return std::make_unique<RadosUpload>(
        RadosUpload::Target{data(), *catalog_, ids_, clock_, std::move(discard)}, namespace_id);
  }
  Task<Result<Version>> apply(NamespaceId namespace_id, std::vector<Mutation> mutations,
                              Timestamp written_at) override;
  Task<Result<Swept>> sweep(Instant now, std::uint32_t rows_max) override;

  Task<Result<void>> create_namespace(Namespace created) override;
  Task<Result<Namespace>> rename_namespace(NamespaceId id, Title title) override;
  Task<Result<void>> remove_namespace(NamespaceId id) override;
  Task<Result<std::optional<Namespace>>> find_namespace(NamespaceId id) override {
    return find_in_catalog<Namespace>([id](const Catalog& catalog) { return catalog.find(id); });
  }
  Task<Result<std::optional<Namespace>>> find_namespace_by_title(AccountId account, Title title) override {
    auto look = [account, title = std::move(title)](const Catalog& catalog) {
      return catalog.find(account, title);
    };
    return find_in_catalog<Namespace>(std::move(look));
  }
  Task<Result<std::vector<Namespace>>> namespaces(AccountId account) override {
    const auto newest = co_await catalog_->newest();
    if (!newest) co_return newest.error();
    co_return (*newest)->catalog.namespaces(account);
  }

  std::uint64_t access_generation() const override { return catalog_->access_generation(); }
  Task<Result<void>> put_account(Account account) override { return put_row(std::move(account)); }
  Task<Result<void>> put_token(Token token) override { return put_row(std::move(token)); }
  Task<Result<std::optional<Account>>> find_account(AccountId id) override {
    return find_in_catalog<Account>([id](const Catalog& catalog) { return catalog.find(id); });
  }
  Task<Result<std::vector<Account>>> accounts() override {
    const auto newest = co_await catalog_->newest();
    if (!newest) co_return newest.error();
    co_return (*newest)->catalog.accounts();
  }
  Task<Result<std::optional<Token>>> find_token(TokenHash hash) override {
    return find_in_catalog<Token>([hash](const Catalog& catalog) { return catalog.find(hash); });
  }
  Task<Result<std::vector<Token>>> tokens() override {
    const auto newest = co_await catalog_->newest();
    if (!newest) co_return newest.error();
    co_return (*newest)->catalog.tokens();
  }

 private:
  RadosPool& index() { return connection_->index(); }
  RadosPool& data() { return connection_->data(); }

  Task<Result<std::optional<RadosPlace>>> place_of(NamespaceId id);
  Task<Result<std::optional<RadosPlace>>> place_after(RadosPlace gone);
  // Answers what `read` finds where the namespace is; an empty T, if there is none.
  template <class T, class Read>
  Task<Result<T>> at_place(NamespaceId id, Read read);
  template <class T>
  Task<Result<std::optional<T>>> find_in_catalog(std::function<std::optional<T>(const Catalog&)> look);
  Task<Result<void>> put_row(CatalogRow row);

  const SystemClock
      clock_;  // tells how long garbage has lain and uploads last; what a reader gets never depends on it
  const std::unique_ptr<RadosConnection> connection_;
  const std::unique_ptr<RadosCatalog> catalog_;
  RadosRouter router_;
  RadosBalancer balancer_;
  RadosReader reader_;
  RadosUsage usage_;
  RadosCounts counts_;
  Admission admission_{limits::bulk_request_bytes_max};
  RadosBodyIds ids_;
  RadosWriter writer_;
  RadosApplier applier_;
  RadosIndexes indexes_;
  RadosOrphans orphans_;
  RadosParts parts_;
  RadosOwnShards own_shards_;
  RadosSweeper sweeper_;
  RadosCollector collector_;
  StoragePool threads_{1};
};

// ---- Where things are

Task<Result<std::optional<RadosPlace>>> RadosEngine::place_of(NamespaceId id) {
  auto catalog = co_await catalog_->current();
  if (!catalog) co_return catalog.error();
  // Another process may have made it since.
  if (!(*catalog)->indexes.contains(id)) catalog = co_await catalog_->newest();
  if (!catalog) co_return catalog.error();
  const auto found = (*catalog)->indexes.find(id);
  if (found == (*catalog)->indexes.end()) co_return std::nullopt;
  co_return RadosPlace{id, found->second};
}

// For a place that has turned out to be gone: the namespace may have been made again. The catalog names no
// index before it is there, nor after it is fenced.
Task<Result<std::optional<RadosPlace>>> RadosEngine::place_after(RadosPlace gone) {
  const auto catalog = co_await catalog_->newest();
  if (!catalog) co_return catalog.error();
  const auto found = (*catalog)->indexes.find(gone.namespace_id);
  if (found == (*catalog)->indexes.end()) co_return std::nullopt;
  if (found->second == gone.index)
    co_return fail(Errc::storage_corrupt, "the index of a namespace is missing");
  co_return RadosPlace{gone.namespace_id, found->second};
}

template <class T, class Read>
Task<Result<T>> RadosEngine::at_place(NamespaceId id, Read read) {
  auto place = co_await place_of(id);
  for (;;) {
    if (!place) co_return place.error();
    if (!*place) co_return T{};
    auto found = co_await read(**place);
    if (found || found.error().code != Errc::namespace_not_found) co_return found;
    place = co_await place_after(**place);
  }
}

// ---- Writing

Task<Result<Version>> RadosEngine::apply(NamespaceId namespace_id, std::vector<Mutation> mutations,
                                         Timestamp written_at) {
  const auto place = co_await place_of(namespace_id);
  if (!place) co_return place.error();
  if (!*place) co_return fail(Errc::namespace_not_found);
  std::vector<RadosItem> items;
  std::size_t bytes = 0;
  for (Mutation& mutation : mutations) {
    std::visit([&items](auto& each) { items.emplace_back(std::move(each)); }, mutation);
    bytes += bytes_of(items.back());
    const auto* const put = std::get_if<Put>(&items.back());
    if (!put) continue;
    const auto& upload = static_cast<const RadosUpload&>(*put->value);
    // Written for a namespace of this id that has been removed since.
    if (!upload.is_inline() && upload.index() != (*place)->index) co_return fail(Errc::namespace_not_found);
  }
  co_await admission_.enter(bytes);
  const auto applied = co_await applier_.apply(**place, std::move(items), written_at);
  admission_.leave(bytes);
  if (applied) co_return applied->version;
  if (applied.error().code == Errc::namespace_not_found) {
    if (const auto after = co_await place_after(**place); !after) co_return after.error();
  }
  co_return applied.error();
}

Task<Result<Swept>> RadosEngine::sweep(Instant now, std::uint32_t rows_max) {
  auto wait = [this] {
    parts_.wait_until_begun();
    return true;
  };
  if (!parts_.has_begun()) co_await threads_.run(std::move(wait));
  // Who can take no part would never sweep, and nobody would know.
  if (const auto round = parts_.last_round(); !round && parts_.held().none()) co_return round.error();
  co_return co_await sweeper_.sweep(now, rows_max);
}

// ---- Catalog

// What is not known here may be known to another process by now.
template <class T>
Task<Result<std::optional<T>>> RadosEngine::find_in_catalog(
    std::function<std::optional<T>(const Catalog&)> look) {
  auto catalog = co_await catalog_->current();
  if (!catalog) co_return catalog.error();
  if (auto found = look((*catalog)->catalog)) co_return found;
  catalog = co_await catalog_->newest();
  if (!catalog) co_return catalog.error();
  co_return look((*catalog)->catalog);
}

Task<Result<void>> RadosEngine::put_row(CatalogRow row) {
  auto change = [row](const RadosCatalog::Copy&) -> Result<RadosCatalog::Rows> {
    return RadosCatalog::Rows{{{catalog_place(row), encode_catalog_row(row)}}, {}};
  };
  co_return co_await catalog_->apply(std::move(change));
}

// The index is there before the catalog names it: nobody ever finds a namespace without one.
Task<Result<void>> RadosEngine::create_namespace(Namespace created) {
  const auto known = co_await catalog_->newest();
  if (!known) co_return known.error();
  if (auto allowed = (*known)->catalog.check_create(created); !allowed) co_return allowed;
  const IndexId made_index{random_number()};
  if (auto made = co_await indexes_.make(made_index); !made) co_return made;
  auto change = [created, made_index](const RadosCatalog::Copy& copy) -> Result<RadosCatalog::Rows> {
    if (const auto allowed = copy.catalog.check_create(created); !allowed) return allowed.error();
    return RadosCatalog::Rows{
        {{catalog_place(created), encode_catalog_row(created)},
         {index_of_namespace_row(created.id), number_bytes(static_cast<std::uint64_t>(made_index))}},
        {}};
  };
  auto done = co_await catalog_->apply(std::move(change));
  // Only where it is certain that the catalog does not name it.
  if (!done && done.error().code != Errc::storage_unavailable) co_await indexes_.unmake(made_index);
  co_return done;
}

Task<Result<Namespace>> RadosEngine::rename_namespace(NamespaceId id, Title title) {
  auto renamed = std::make_shared<std::optional<Namespace>>();
  auto change = [id, title, renamed](const RadosCatalog::Copy& copy) -> Result<RadosCatalog::Rows> {
    const auto allowed = copy.catalog.check_rename(id, title);
    if (!allowed) return allowed.error();
    *renamed = *allowed;
    return RadosCatalog::Rows{{{catalog_place(*allowed), encode_catalog_row(*allowed)}}, {}};
  };
  const auto done = co_await catalog_->apply(std::move(change));
  if (!done) co_return done.error();
  co_return std::move(**renamed);
}

// From the moment on that all shards are fenced, no write gets in. The collector removes them when nobody can
// be reading its values any more.
Task<Result<void>> RadosEngine::remove_namespace(NamespaceId id) {
  auto removed = std::make_shared<IndexId>();
  auto change = [this, id, removed](const RadosCatalog::Copy& copy) -> Result<RadosCatalog::Rows> {
    const auto found = copy.catalog.find(id);
    if (!found) return fail(Errc::namespace_not_found);
    *removed = copy.indexes.at(id);
    const RemovalEntry entry{id, clock_.now() + std::chrono::hours(1)};
    return RadosCatalog::Rows{{{removal_row(*removed), encode_removal_entry(entry)}},
                              {catalog_place(*found), index_of_namespace_row(id)}};
  };
  if (auto done = co_await catalog_->apply(std::move(change)); !done) co_return done;
  co_return co_await indexes_.fence({id, *removed});
}

}  // namespace

Result<std::unique_ptr<Engine>> open_rados_engine(const RadosOptions& options) {
  auto connection = RadosConnection::open(options);
  if (!connection) return connection.error();
  auto renew = [connection = connection->get()] { connection->renew_if_blocked(); };
  auto catalog = std::make_unique<RadosCatalog>((*connection)->index(), std::move(renew));
  if (const auto opened = catalog->open(); !opened) return opened.error();
  const auto known = catalog->newest_blocking();
  if (!known) return known.error();
  return std::make_unique<RadosEngine>(std::move(*connection), std::move(catalog), (*known)->last_version,
                                       options);
}

}  // namespace cubby
