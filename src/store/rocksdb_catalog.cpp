#include "store/rocksdb_catalog.hpp"

#include "store/bytes.hpp"
#include "store/catalog_record.hpp"

namespace cubby {

Result<void> RocksDbCatalog::load() {
  const std::unique_ptr<rocksdb::Iterator> each(store_.db().NewIterator({}, store_.catalog()));
  for (each->SeekToFirst(); each->Valid(); each->Next()) {
    const auto row = decode_catalog_row(to_view(each->value()), to_view(each->key()));
    if (!row) return row.error();
    std::visit([this](const auto& known) { index_.put(known); }, *row);
  }
  if (!each->status().ok()) return to_error(each->status());
  return {};
}

template <class Row>
Task<Result<Row>> RocksDbCatalog::commit_row(std::function<Result<Row>()> check) {
  LoneChange<Row> change;
  change.stage = [this, check = std::move(check)](RocksDbBatch& batch) {
    auto row = check();
    if (row) batch.rows().Put(store_.catalog(), catalog_place(*row), encode_catalog_row(*row));
    return row;
  };
  change.then = [this](const Row& row) { index_.put(row); };
  co_return co_await commit_alone(commits_, std::move(change));
}

Task<Result<void>> RocksDbCatalog::create(Namespace created) {
  std::function<Result<Namespace>()> check = [this, created]() -> Result<Namespace> {
    if (removals_.is_pending(created.id)) return fail(Errc::internal, "this namespace is being removed");
    if (const auto room = store_.space().check(); !room) return room.error();
    if (const auto checked = index_.check_create(created); !checked) return checked.error();
    return created;
  };
  const auto result = co_await commit_row(std::move(check));
  if (!result) co_return result.error();
  co_return Result<void>{};
}

Task<Result<Namespace>> RocksDbCatalog::rename(NamespaceId id, Title title) {
  std::function<Result<Namespace>()> check = [this, id, title] { return index_.check_rename(id, title); };
  co_return co_await commit_row(std::move(check));
}

Task<Result<void>> RocksDbCatalog::remove(NamespaceId id) {
  LoneChange<NamespaceId> change;
  change.stage = [this, id](RocksDbBatch& batch) -> Result<NamespaceId> {
    const auto found = index_.find(id);
    if (!found) return fail(Errc::namespace_not_found);
    batch.rows().Delete(store_.catalog(), catalog_place(*found));
    add_removal(store_, batch, id);
    return id;
  };
  change.then = [this](const NamespaceId& removed) {
    index_.remove(removed);
    removals_.begin(removed);
  };
  const auto result = co_await commit_alone(commits_, std::move(change));
  if (!result) co_return result.error();
  co_return Result<void>{};
}

Task<Result<void>> RocksDbCatalog::put(Account account) {
  std::function<Result<Account>()> check = [account] { return account; };
  const auto result = co_await commit_row(std::move(check));
  if (!result) co_return result.error();
  co_return Result<void>{};
}

Task<Result<void>> RocksDbCatalog::put(Token token) {
  std::function<Result<Token>()> check = [token] { return token; };
  const auto result = co_await commit_row(std::move(check));
  if (!result) co_return result.error();
  co_return Result<void>{};
}

}  // namespace cubby
