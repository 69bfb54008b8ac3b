#include "store/rocksdb_removal.hpp"

namespace cubby {
namespace {

constexpr std::size_t rows_per_step = 10'000;

void put_progress(RocksDbStore& store, RocksDbBatch& batch, NamespaceId namespace_id, std::string last_head) {
  seal(last_head, namespace_id.view());
  batch.rows().Put(store.removals(), to_slice(namespace_id.view()), last_head);
}

// The rows of `family` whose keys begin as `first` does, from there on.
std::unique_ptr<rocksdb::Iterator> rows_from(RocksDbStore& store, RocksDbStore::Family family,
                                             const std::string& first, const rocksdb::Slice& upper_bound) {
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> row(store.db().NewIterator(options, family));
  row->Seek(first);
  return row;
}

// A head with all that depends on it.
void take_head(const RocksDbStore& store, std::string row, std::string_view bytes, RemovalStep& step) {
  if (const auto head = decode_head(bytes, row)) {
    if (head->expiration) {
      step.rows.emplace_back(store.expiry(), rows::expiry(*head->expiration, row));
      step.rows.emplace_back(store.usage(), rows::usage(step.namespace_id, *head->expiration));
    }
    const auto* const body = std::get_if<BodyRef>(&head->body);
    if (body && body->place == BodyRef::Place::file) step.files.push_back(*body);
    if (body && body->place == BodyRef::Place::row)
      step.rows.emplace_back(store.values(), rows::value(step.namespace_id, body->id));
  }
  step.last_head = row;
  step.rows.emplace_back(store.heads(), std::move(row));
}

}  // namespace

void add_removal(RocksDbStore& store, RocksDbBatch& batch, NamespaceId namespace_id) {
  put_progress(store, batch, namespace_id, "");
}

Result<RemovalStep> next_removal_step(RocksDbStore& store, NamespaceId namespace_id) {
  std::string progress;
  const auto status = store.db().Get({}, store.removals(), to_slice(namespace_id.view()), &progress);
  if (!status.ok()) return to_error(status);
  const auto last_head = unseal(progress, namespace_id.view());
  if (!last_head) return last_head.error();
  const std::string first =
      last_head->empty() ? std::string(namespace_id.view()) : std::string(*last_head) + '\0';
  const std::string end = rows::after_prefix(std::string(namespace_id.view()));
  const rocksdb::Slice upper_bound = end;
  RemovalStep step{.namespace_id = namespace_id, .last_head = std::string(*last_head)};
  std::size_t count = 0;
  const auto head = rows_from(store, store.heads(), first, upper_bound);
  for (; head->Valid() && count < rows_per_step; head->Next(), ++count)
    take_head(store, head->key().ToString(), to_view(head->value()), step);
  if (!head->status().ok()) return to_error(head->status());
  // What no head has named: damaged ones had rows too, and the total has none.
  for (const auto family : {store.values(), store.usage()}) {
    if (count == rows_per_step) break;
    const auto row = rows_from(store, family, std::string(namespace_id.view()), upper_bound);
    for (; row->Valid() && count < rows_per_step; row->Next(), ++count)
      step.rows.emplace_back(family, row->key().ToString());
    if (!row->status().ok()) return to_error(row->status());
  }
  step.is_last = count < rows_per_step;
  return step;
}

void add_removal_step(RocksDbStore& store, RocksDbBatch& batch, const RemovalStep& step) {
  for (const auto& [family, row] : step.rows) batch.rows().Delete(family, row);
  for (const BodyRef& file : step.files) batch.drop(step.namespace_id, file);
  if (!step.is_last) return put_progress(store, batch, step.namespace_id, step.last_head);
  batch.rows().Delete(store.removals(), to_slice(step.namespace_id.view()));
}

Result<std::vector<NamespaceId>> pending_removals(RocksDbStore& store) {
  std::vector<NamespaceId> pending;
  const std::unique_ptr<rocksdb::Iterator> row(store.db().NewIterator({}, store.removals()));
  for (row->SeekToFirst(); row->Valid(); row->Next())
    pending.push_back(rows::namespace_of(to_view(row->key())));
  if (!row->status().ok()) return to_error(row->status());
  return pending;
}

}  // namespace cubby
