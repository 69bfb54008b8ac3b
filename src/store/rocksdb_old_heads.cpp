#include "store/rocksdb_old_heads.hpp"

#include <algorithm>
#include <array>

namespace cubby {
namespace {

constexpr std::size_t rows_on_loop_max = 16;
constexpr std::size_t rows_at_once = 256;

// Nothing: the status does not tell.
std::optional<FoundHead> decode(const rocksdb::Status& status, const rocksdb::Slice& bytes,
                                const std::string& row) {
  if (status.IsNotFound()) return FoundHead();
  if (status.IsCorruption()) return FoundHead(OldHead::damaged());
  if (!status.ok()) return std::nullopt;
  const auto head = decode_head(to_view(bytes), row);
  return FoundHead(head ? OldHead(row, *head) : OldHead::damaged());
}

// False: memory does not have them all.
bool find_in_memory(RocksDbStore& store, const std::vector<std::string>& rows, Prefetched& found) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rocksdb::PinnableSlice bytes;
    found.heads[i] = decode(store.get_from_memory(store.heads(), rows[i], &bytes), bytes, rows[i]);
    if (!found.heads[i]) return false;
  }
  return true;
}

void find_on_disk(RocksDbStore& store, const std::vector<std::string>& rows, Prefetched& found) {
  std::array<rocksdb::Slice, rows_at_once> keys;
  std::array<rocksdb::PinnableSlice, rows_at_once> values;
  std::array<rocksdb::Status, rows_at_once> statuses;
  for (std::size_t first = 0; first < rows.size(); first += rows_at_once) {
    const std::size_t count = std::min(rows_at_once, rows.size() - first);
    for (std::size_t i = 0; i < count; ++i) keys[i] = rows[first + i];
    // Sorted or not, RocksDB needs to know: it sorts what may not be.
    const auto before = [](const rocksdb::Slice& a, const rocksdb::Slice& b) { return a.compare(b) < 0; };
    const bool is_sorted = std::is_sorted(keys.begin(), keys.begin() + count, before);
    store.db().MultiGet({}, store.heads(), count, keys.data(), values.data(), statuses.data(), is_sorted);
    for (std::size_t i = 0; i < count; ++i) {
      found.heads[first + i] = decode(statuses[i], values[i], rows[first + i]);
      values[i].Reset();
    }
  }
}

}  // namespace

OldHead::OldHead(std::string_view row, const HeadView& head) : expiration(head.expiration) {
  const std::size_t bytes =
      row.size() - NamespaceId::bytes_count + head.value_bytes + (head.metadata ? head.metadata->size() : 0);
  count = {1, static_cast<std::int64_t>(bytes)};
  if (const auto* named = std::get_if<BodyRef>(&head.body)) body = *named;
}

OldHead OldHead::damaged() {
  OldHead old;
  old.is_damaged = true;
  return old;
}

Result<FoundHead> read_old_head(RocksDbStore& store, const std::string& row) {
  rocksdb::PinnableSlice bytes;
  const auto status = store.db().Get({}, store.heads(), row, &bytes);
  auto found = decode(status, bytes, row);
  if (!found) return to_error(status);
  return std::move(*found);
}

Task<Prefetched> prefetch(RocksDbStore& store, const CommitHistory& history, StoragePool& pool,
                          const std::vector<std::string>& rows) {
  Prefetched found;
  found.heads.resize(rows.size());
  found.group = history.visible();  // before the first look
  if (rows.size() <= rows_on_loop_max && find_in_memory(store, rows, found)) co_return found;
  auto work = [&store, &rows, &found] {
    find_on_disk(store, rows, found);
    return true;
  };
  co_await pool.run(std::move(work));
  co_return found;
}

}  // namespace cubby
