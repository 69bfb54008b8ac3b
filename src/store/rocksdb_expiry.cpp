#include "store/rocksdb_expiry.hpp"

#include "core/limits.hpp"

namespace cubby {

using namespace std::chrono_literals;

void RocksDbExpiry::expect(Instant due) {
  if (due < swept_until_.load()) swept_until_ = due;
}

// Calls `visit` with the head row and the second of what is due, in order, until it has said so often that a
// row counts; looks at a bounded number of rows.
template <class Visit>
Result<Swept> RocksDbExpiry::each_due(Instant now, std::uint32_t rows_max, Visit visit) {
  const std::string end = rows::expiry(now + 1s, "");
  const rocksdb::Slice upper_bound = end;
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> row(store_.db().NewIterator(options, store_.expiry()));
  Swept swept;
  std::uint32_t rows_seen = 0;
  for (row->Seek(rows::expiry(swept_until_, "")); row->Valid(); row->Next()) {
    if (swept.rows == rows_max || rows_seen++ == limits::list_rows_per_slice) {
      swept.is_done = false;
      return swept;
    }
    const auto bytes = to_view(row->key());
    const Result<bool> counts = visit(std::string(rows::head_of_expiry(bytes)), rows::due_of_expiry(bytes));
    if (!counts) return counts.error();
    if (*counts) ++swept.rows;
  }
  if (!row->status().ok()) return to_error(row->status());
  return swept;
}

Result<bool> RocksDbExpiry::look(Instant now, std::uint32_t rows_max) {
  const auto warm_up = [this](const std::string& head_row, Instant) -> Result<bool> {
    rocksdb::PinnableSlice ignored;
    [[maybe_unused]] const auto status = store_.db().Get({}, store_.heads(), head_row, &ignored);
    return true;
  };
  const auto seen = each_due(now, rows_max, warm_up);
  if (!seen) return seen.error();
  // Now and then also for nothing, so that `swept_until_` keeps up with the clock.
  return seen->rows > 0 || now - 60s > swept_until_.load();
}

Result<RocksDbExpiry::Staged> RocksDbExpiry::stage(RocksDbBatch& batch, Instant now, std::uint32_t rows_max) {
  std::vector<std::pair<RocksDbBatch::Slot*, Instant>> due;
  std::vector<std::string> orphans;
  Instant last = now;
  const auto collect = [&](std::string head_row, Instant second) -> Result<bool> {
    last = second;
    // The heads of a removed namespace are for whoever removes it.
    if (!catalog_.contains(rows::namespace_of(head_row))) {
      orphans.push_back(rows::expiry(second, head_row));
      return false;
    }
    const auto slot = batch.find(std::move(head_row));
    if (!slot) return slot.error();
    due.emplace_back(*slot, second);
    const auto& old = (*slot)->second;
    return old && old->expiration == second;
  };
  const auto swept = each_due(now, rows_max, collect);
  if (!swept) return swept.error();
  for (const auto& [slot, second] : due) batch.expire(*slot, second);
  for (const auto& row : orphans) batch.rows().Delete(store_.expiry(), row);
  return Staged{*swept, swept->is_done ? now + 1s : last};
}

}  // namespace cubby
