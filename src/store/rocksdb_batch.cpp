#include "store/rocksdb_batch.hpp"

#include "core/limits.hpp"
#include "store/rocksdb_garbage.hpp"

namespace cubby {

void RocksDbBatch::reserve(std::size_t rows_count, std::size_t bytes) {
  constexpr std::size_t small_bytes = 64 * limits::KiB;
  if (bytes <= small_bytes || rows_.Count() > 0) return;
  rows_ = rocksdb::WriteBatch(bytes);
  heads_.reserve(rows_count);
}

Result<RocksDbBatch::Slot*> RocksDbBatch::find(std::string row, const std::optional<FoundHead>& known,
                                               std::uint64_t group) {
  if (const auto seen = heads_.find(row); seen != heads_.end()) return &*seen;
  if (known && history_->is_current(row, group)) return &*heads_.emplace(std::move(row), *known).first;
  auto found = read_old_head(*store_, row);
  if (!found) return found.error();
  return &*heads_.emplace(std::move(row), std::move(*found)).first;
}

void RocksDbBatch::put(Slot& slot, const HeadView& head) {
  auto& [row, old] = slot;
  const bool is_due_row_there = old && old->expiration == head.expiration;
  forget(slot, head.expiration);
  history_->note(row);
  rows_.Put(store_->heads(), row, encode_head(head, row));
  if (head.expiration && !is_due_row_there)
    rows_.Put(store_->expiry(), rows::expiry(*head.expiration, row), "");
  old.emplace(row, head);
  if (old->body) name(*old->body, row);
  count(slot, old->count, old->expiration);
}

void RocksDbBatch::remove(Slot& slot) {
  forget(slot, std::nullopt);
  history_->note(slot.first);
  rows_.Delete(store_->heads(), slot.first);
  slot.second.reset();
}

void RocksDbBatch::expire(Slot& slot, Instant due) {
  const auto& [row, old] = slot;
  if (old && old->expiration == due) return remove(slot);
  rows_.Delete(store_->expiry(), rows::expiry(due, row));
}

void RocksDbBatch::correct_usage(NamespaceId id, const NamespaceCount& correction) {
  NamespaceCount& changed = usage_[id];
  changed.total.add(correction.total);
  for (const auto& [second, count] : correction.due) changed.due[second].add(count);
}

// Takes away what depends on the head that is there, but for a due row that the next head needs again.
void RocksDbBatch::forget(const Slot& slot, const std::optional<Instant>& next_expiration) {
  const auto& [row, old] = slot;
  if (!old) return;
  if (old->expiration && old->expiration != next_expiration) {
    rows_.Delete(store_->expiry(), rows::expiry(*old->expiration, row));
  }
  if (old->body && old->body->place == BodyRef::Place::row) {
    rows_.Delete(store_->values(), rows::value(rows::namespace_of(row), old->body->id));
  } else if (old->body) {
    drop(rows::namespace_of(row), *old->body);
  }
  count(slot, -old->count, old->expiration);
}

// From now on a head names the body.
void RocksDbBatch::name(const BodyRef& body, std::string_view head_row) {
  const std::string row = rows::body(body.id);
  if (body.place == BodyRef::Place::row) {
    rows_.Delete(store_->garbage(), row);
  } else {
    std::string bytes(head_row);
    seal(bytes, row);
    rows_.Put(store_->files(), row, bytes);
  }
}

void RocksDbBatch::drop(NamespaceId namespace_id, const BodyRef& file) {
  const std::string row = rows::body(file.id);
  rows_.Delete(store_->files(), row);
  rows_.Put(store_->garbage(), row, encode_garbage(file.place, namespace_id, row));
  dropped_[namespace_id].push_back(file);
}

void RocksDbBatch::count(const Slot& slot, const Count& change, const std::optional<Instant>& expiration) {
  usage_[rows::namespace_of(slot.first)].add(change, expiration);
}

Result<void> RocksDbBatch::write() {
  if (auto added = add_usage_rows(*store_, usage_, rows_); !added) return added;
  if (last_version_) {
    store_->put_counter(rows_, last_version_row, static_cast<std::uint64_t>(*last_version_));
  }
  if (rows_.Count() > 0) {
    if (auto written = store_->commit(rows_); !written) return written;
  }
  history_->end_group();
  return {};
}

}  // namespace cubby
