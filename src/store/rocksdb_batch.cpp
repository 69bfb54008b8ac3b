#include "store/rocksdb_batch.hpp"

namespace cubby {

OldHead::OldHead(std::string_view row, const HeadView& head) : expiration(head.expiration) {
  const std::size_t bytes =
      row.size() - NamespaceId::bytes_count + head.value_bytes + (head.metadata ? head.metadata->size() : 0);
  count = {1, static_cast<std::int64_t>(bytes)};
  if (const auto* named = std::get_if<Pieces>(&head.body)) pieces = *named;
}

OldHead OldHead::damaged() {
  OldHead old;
  old.is_damaged = true;
  return old;
}

Result<RocksDbBatch::Slot*> RocksDbBatch::find(std::string row) {
  if (const auto known = heads_.find(row); known != heads_.end()) return &*known;
  std::optional<OldHead> old;
  rocksdb::PinnableSlice bytes;
  const auto status = store_->db().Get({}, store_->heads(), row, &bytes);
  if (status.ok()) {
    const auto head = decode_head(to_view(bytes), row);
    old = head ? OldHead(row, *head) : OldHead::damaged();
  } else if (status.IsCorruption()) {
    old = OldHead::damaged();
  } else if (!status.IsNotFound()) {
    return to_error(status);
  }
  return &*heads_.emplace(std::move(row), std::move(old)).first;
}

void RocksDbBatch::put(Slot& slot, const HeadView& head) {
  auto& [row, old] = slot;
  const bool is_due_row_there = old && old->expiration == head.expiration;
  forget(slot, head.expiration);
  rows_.Put(store_->heads(), row, encode_head(head, row));
  if (head.expiration && !is_due_row_there)
    rows_.Put(store_->expiry(), rows::expiry(*head.expiration, row), "");
  old.emplace(row, head);
  count(slot, old->count, old->expiration);
}

void RocksDbBatch::remove(Slot& slot) {
  forget(slot, std::nullopt);
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
  if (old->pieces) store_->remove_pieces(rows_, rows::namespace_of(row), *old->pieces);
  count(slot, -old->count, old->expiration);
}

void RocksDbBatch::count(const Slot& slot, const Count& change, const std::optional<Instant>& expiration) {
  usage_[rows::namespace_of(slot.first)].add(change, expiration);
}

Result<void> RocksDbBatch::write() {
  if (auto added = add_usage_rows(*store_, usage_, rows_); !added) return added;
  if (rows_.Count() == 0) return {};
  return store_->write(rows_, RocksDbStore::Sync::yes);
}

}  // namespace cubby
