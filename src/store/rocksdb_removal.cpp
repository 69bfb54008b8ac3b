#include "store/rocksdb_removal.hpp"

namespace cubby {
namespace {

constexpr std::size_t heads_per_step = 10'000;

void put_progress(RocksDbStore& store, RocksDbBatch& batch, NamespaceId namespace_id, std::string last_head) {
  seal(last_head, namespace_id.view());
  batch.rows().Put(store.removals(), to_slice(namespace_id.view()), last_head);
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
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> row(store.db().NewIterator(options, store.heads()));
  RemovalStep step{namespace_id, {}, {}, {}, false};
  std::size_t count = 0;
  for (row->Seek(first); row->Valid() && count < heads_per_step; row->Next(), ++count) {
    step.last_head = row->key().ToString();
    const auto head = decode_head(to_view(row->value()), step.last_head);
    if (!head) continue;  // nobody knows what it named
    if (head->expiration) step.expiry_rows.push_back(rows::expiry(*head->expiration, step.last_head));
    const auto* const body = std::get_if<BodyRef>(&head->body);
    if (body && body->place == BodyRef::Place::file) step.files.push_back(*body);
  }
  if (!row->status().ok()) return to_error(row->status());
  step.is_last = count < heads_per_step;
  return step;
}

void add_removal_step(RocksDbStore& store, RocksDbBatch& batch, const RemovalStep& step) {
  for (const std::string& row : step.expiry_rows) batch.rows().Delete(store.expiry(), row);
  for (const BodyRef& file : step.files) batch.drop(step.namespace_id, file);
  if (!step.is_last) return put_progress(store, batch, step.namespace_id, step.last_head);
  const std::string first(step.namespace_id.view());
  const std::string last = rows::after_prefix(first);
  for (const auto family : {store.heads(), store.values(), store.usage()}) {
    batch.rows().DeleteRange(family, first, last);
  }
  batch.rows().Delete(store.removals(), first);
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
