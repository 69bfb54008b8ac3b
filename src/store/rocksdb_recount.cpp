#include "store/rocksdb_recount.hpp"

#include <rocksdb/snapshot.h>

#include "store/rocksdb_batch.hpp"

namespace cubby {
namespace {

NamespaceCount difference(const NamespaceCount& wanted, const NamespaceCount& found) {
  NamespaceCount all = wanted;
  all.total.add(-found.total);
  for (const auto& [second, count] : found.due) all.due[second].add(-count);
  std::erase_if(all.due, [](const auto& each) { return each.second == Count{}; });
  return all;
}

}  // namespace

Result<Recount> count_heads(RocksDbStore& store, NamespaceId id) {
  rocksdb::ManagedSnapshot snapshot(&store.db());
  const std::string end = rows::after_prefix(std::string(id.view()));
  const rocksdb::Slice upper_bound = end;
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  const auto usage = read_usage(store, id, Instant::max(), options);
  if (!usage) return usage.error();
  options.iterate_upper_bound = &upper_bound;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> row(store.db().NewIterator(options, store.heads()));
  Recount recount;
  for (row->Seek(to_slice(id.view())); row->Valid(); row->Next()) {
    const auto head = decode_head(to_view(row->value()), to_view(row->key()));
    if (!head) continue;
    const OldHead counted(to_view(row->key()), *head);
    recount.count.add(counted.count, counted.expiration);
  }
  if (!row->status().ok()) return to_error(row->status());
  recount.correction = difference(recount.count, *usage);
  return recount;
}

Result<void> reset_unreadable_usage(RocksDbStore& store, NamespaceId id, rocksdb::WriteBatch& rows) {
  const std::string end = rows::after_prefix(std::string(id.view()));
  const rocksdb::Slice upper_bound = end;
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> row(store.db().NewIterator(options, store.usage()));
  for (row->Seek(to_slice(id.view())); row->Valid(); row->Next()) {
    if (!decode_count(to_view(row->value()), to_view(row->key()))) rows.Delete(store.usage(), row->key());
  }
  if (!row->status().ok()) return to_error(row->status());
  return {};
}

}  // namespace cubby
