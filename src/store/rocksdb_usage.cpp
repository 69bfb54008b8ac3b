#include "store/rocksdb_usage.hpp"

#include <algorithm>

#include "store/bytes.hpp"
#include "store/record.hpp"

namespace cubby {
namespace {

std::string encode_count(const Count& count, std::string_view row) {
  std::string bytes;
  append_little_endian(bytes, static_cast<std::uint64_t>(count.keys));
  append_little_endian(bytes, static_cast<std::uint64_t>(count.bytes));
  seal(bytes, row);
  return bytes;
}

Result<void> add_row(RocksDbStore& store, const std::string& row, const Count& change,
                     rocksdb::WriteBatch& rows) {
  if (change == Count{}) return {};
  rocksdb::PinnableSlice bytes;
  const auto status = store.db().Get({}, store.usage(), row, &bytes);
  Count count;
  if (status.ok()) {
    const auto old = decode_count(to_view(bytes), row);
    if (!old) return {};
    count = *old;
  } else if (status.IsCorruption()) {
    return {};
  } else if (!status.IsNotFound()) {
    return to_error(status);
  }
  count.add(change);
  const auto added = count == Count{} ? rows.Delete(store.usage(), row)
                                      : rows.Put(store.usage(), row, encode_count(count, row));
  if (!added.ok()) return to_error(added);
  return {};
}

}  // namespace

Result<Count> decode_count(std::string_view bytes, std::string_view row) {
  const auto content = unseal(bytes, row);
  if (!content) return content.error();
  ByteReader reader(*content);
  Count count;
  count.keys = static_cast<std::int64_t>(reader.little_endian<std::uint64_t>());
  count.bytes = static_cast<std::int64_t>(reader.little_endian<std::uint64_t>());
  if (!reader.is_at_end()) return fail(Errc::storage_corrupt, "a counter has a wrong length");
  return count;
}

Usage NamespaceCount::at(Instant now) const {
  Count live = total;
  for (const auto& [second, count] : due) {
    if (second <= now) live.add(-count);
  }
  return {static_cast<std::uint64_t>(std::max<std::int64_t>(live.keys, 0)),
          static_cast<std::uint64_t>(std::max<std::int64_t>(live.bytes, 0))};
}

Result<void> add_usage_rows(RocksDbStore& store, const UsageChanges& changes, rocksdb::WriteBatch& rows) {
  for (const auto& [id, change] : changes) {
    if (auto added = add_row(store, rows::usage(id), change.total, rows); !added) return added;
    for (const auto& [second, count] : change.due) {
      if (auto added = add_row(store, rows::usage(id, second), count, rows); !added) return added;
    }
  }
  return {};
}

Result<NamespaceCount> read_usage(RocksDbStore& store, NamespaceId id, Instant until,
                                  rocksdb::ReadOptions options) {
  const std::string total_row = rows::usage(id);
  const std::string end = rows::usage(id, until) + '\0';
  const rocksdb::Slice upper_bound = end;
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> row(store.db().NewIterator(options, store.usage()));
  NamespaceCount usage;
  for (row->Seek(total_row); row->Valid(); row->Next()) {
    const auto count = decode_count(to_view(row->value()), to_view(row->key()));
    if (!count) return count.error();
    const auto second = rows::due_of_usage(to_view(row->key()));
    if (second) {
      usage.due.emplace(*second, *count);
    } else {
      usage.total = *count;
    }
  }
  if (!row->status().ok()) return to_error(row->status());
  return usage;
}

}  // namespace cubby
