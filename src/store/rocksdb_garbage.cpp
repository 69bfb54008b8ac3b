#include "store/rocksdb_garbage.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "store/bytes.hpp"

namespace cubby {
namespace {

constexpr std::size_t rows_per_turn = 1000;

}  // namespace

std::string encode_garbage(BodyRef::Place place, NamespaceId namespace_id, std::string_view row) {
  std::string bytes(1, static_cast<char>(place));
  bytes += namespace_id.view();
  seal(bytes, row);
  return bytes;
}

Result<Garbage> decode_garbage(std::string_view bytes, std::string_view row) {
  const auto content = unseal(bytes, row);
  if (!content) return content.error();
  if (content->size() != 1 + NamespaceId::bytes_count)
    return fail(Errc::storage_corrupt, "garbage: a wrong length");
  return Garbage{static_cast<BodyRef::Place>(content->front()), rows::namespace_of(content->substr(1))};
}

void RocksDbGarbage::begin_hold() {
  const std::unique_lock lock(holding_);  // waits for removals under way
  ++holds_;
}

void RocksDbGarbage::end_hold() {
  std::vector<std::pair<NamespaceId, std::vector<BodyRef>>> due;
  {
    const std::unique_lock lock(holding_);
    if (--holds_ > 0) return;
    due = std::exchange(deferred_, {});
  }
  // What is not removed now has its row, and the next start tries again.
  for (const auto& [namespace_id, bodies] : due)
    [[maybe_unused]] const auto removed = remove(namespace_id, bodies);
}

bool RocksDbGarbage::is_held() {
  const std::shared_lock lock(holding_);
  return holds_ > 0;
}

Result<void> RocksDbGarbage::remove(NamespaceId namespace_id, const std::vector<BodyRef>& bodies) {
  const auto is_file = [](const BodyRef& body) { return body.place == BodyRef::Place::file; };
  const std::shared_lock lock(holding_);
  if (holds_ > 0 && std::any_of(bodies.begin(), bodies.end(), is_file)) {
    const std::scoped_lock deferring(deferring_);
    deferred_.emplace_back(namespace_id, bodies);
    return {};
  }
  return remove_now(namespace_id, bodies);
}

Result<void> RocksDbGarbage::remove_now(NamespaceId namespace_id, const std::vector<BodyRef>& bodies) {
  // After a failed write nobody knows what the disk says of these bodies.
  if (store_.has_failed()) return fail(Errc::storage_failed, "an earlier write failed");
  // A head that a crash may still bring back must find its value.
  if (auto synced = store_.sync_commits(); !synced) return synced;
  rocksdb::WriteBatch batch;
  std::set<std::uint64_t> folders;
  for (const BodyRef& body : bodies) {
    batch.Delete(store_.garbage(), rows::body(body.id));
    if (body.place == BodyRef::Place::row) {
      batch.Delete(store_.values(), rows::value(namespace_id, body.id));
    } else {
      if (auto removed = files_.remove(body.id); !removed) return removed;
      folders.insert(start_of(body.id));
    }
  }
  // The names must be gone for good before the rows are, which are all that remembers them.
  for (const auto start : folders) {
    // A restore makes no folder where there is no value.
    std::error_code unknown;
    const bool is_there =
        std::filesystem::exists(files_.path_of(make_body_id(start, 0)).parent_path(), unknown);
    if (!is_there && !unknown) continue;
    if (auto synced = files_.sync_folder(start); !synced) return synced;
  }
  return store_.write(batch, RocksDbStore::Sync::no);
}

Result<bool> RocksDbGarbage::collect_some(std::uint64_t start) {
  if (is_held()) return true;  // the next start goes on with it
  const auto rows_done = collect_rows(start);
  if (!rows_done || !*rows_done) return rows_done;
  return collect_folder(start);
}

Result<bool> RocksDbGarbage::collect_rows(std::uint64_t start) {
  const std::string end = rows::body(make_body_id(start, 0));
  const rocksdb::Slice upper_bound = end;
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> row(store_.db().NewIterator(options, store_.garbage()));
  std::map<NamespaceId, std::vector<BodyRef>> bodies;
  std::size_t count = 0;
  for (row->SeekToFirst(); row->Valid() && count < rows_per_turn; row->Next()) {
    const auto garbage = decode_garbage(to_view(row->value()), to_view(row->key()));
    if (!garbage) continue;
    bodies[garbage->namespace_id].push_back({rows::body_of(to_view(row->key())), garbage->place});
    ++count;
  }
  if (!row->status().ok()) return to_error(row->status());
  for (const auto& [namespace_id, each] : bodies) {
    if (auto removed = remove(namespace_id, each); !removed) return removed.error();
  }
  return count < rows_per_turn;
}

// The files of one start that no row knows: uploads which that start did not end.
Result<bool> RocksDbGarbage::collect_folder(std::uint64_t start) {
  const auto checked = store_.read_counter(checked_start_row);
  if (!checked) return checked.error();
  const auto starts = files_.starts();
  if (!starts) return starts.error();
  std::optional<std::uint64_t> folder;
  for (const std::uint64_t each : *starts) {
    if (each > checked->value_or(0) && each < start && (!folder || each < *folder)) folder = each;
  }
  if (!folder) return true;
  const auto files = files_.files_of(*folder);
  if (!files) return files.error();
  std::vector<BodyRef> unknown;
  for (const BodyId id : *files) {
    std::string ignored;
    const auto status = store_.db().Get({}, store_.files(), rows::body(id), &ignored);
    if (!status.ok() && !status.IsNotFound()) return to_error(status);
    if (status.IsNotFound()) unknown.push_back({id, BodyRef::Place::file});
  }
  // One lock for both: the folder counts as done only when these files are gone, and no hold puts that off.
  const std::shared_lock lock(holding_);
  if (holds_ > 0) return true;
  if (auto removed = remove_now(NamespaceId(NamespaceId::Bytes{}), unknown); !removed) return removed.error();
  rocksdb::WriteBatch batch;
  store_.put_counter(batch, checked_start_row, *folder);
  if (auto written = store_.write(batch, RocksDbStore::Sync::no); !written) return written.error();
  return false;
}

}  // namespace cubby
