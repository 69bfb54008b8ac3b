// Changes accounts, namespaces and tokens: a row first, then the index in memory that is answered from.
#pragma once

#include "store/catalog.hpp"
#include "store/rocksdb_commits.hpp"
#include "store/rocksdb_removal_work.hpp"
#include "store/rocksdb_store.hpp"

namespace cubby {

// Thread-safe, but for `load`. Errors of all changes, besides their own: storage_failed, storage_full.
class RocksDbCatalog {
 public:
  RocksDbCatalog(RocksDbStore& store, RocksDbRemovalWork& removals, RocksDbCommits& commits)
      : store_(store), removals_(removals), commits_(commits) {}

  // Reads all rows; called once, before all else. Errors: storage_corrupt, storage_failed.
  Result<void> load();

  const Catalog& index() const { return index_; }

  // Errors: title_taken; internal, if there is a namespace of this id, or rows of one that was.
  Task<Result<void>> create(Namespace created);
  // Errors: namespace_not_found, title_taken.
  Task<Result<Namespace>> rename(NamespaceId id, Title title);
  // Errors: namespace_not_found.
  Task<Result<void>> remove(NamespaceId id);
  Task<Result<void>> put(Account account);
  Task<Result<void>> put(Token token);

 private:
  // Writes a row, if `check` gives one.
  template <class Row>
  Task<Result<Row>> commit_row(std::function<Result<Row>()> check);

  RocksDbStore& store_;
  RocksDbRemovalWork& removals_;
  RocksDbCommits& commits_;
  Catalog index_;
};

}  // namespace cubby
