#include "store/rocksdb_upload.hpp"

#include "core/limits.hpp"

namespace cubby {

RocksDbUpload::~RocksDbUpload() {
  if (is_committed_ || !place_) return;
  storage_.pool.run_detached(
      [&garbage = storage_.garbage, namespace_id = namespace_id_, body = BodyRef{id_, *place_}] {
        // If this fails, the next start collects it.
        [[maybe_unused]] const auto removed = garbage.remove(namespace_id, {body});
      });
}

Task<Result<void>> RocksDbUpload::append(std::string_view bytes) {
  bytes_count_ += bytes.size();
  if (piece_.size() + bytes.size() > limits::value_piece_bytes) return append_to_file(bytes);
  take(bytes);
  return Task<Result<void>>::ready(Result<void>{});
}

Task<Result<void>> RocksDbUpload::append_to_file(std::string_view bytes) {
  while (!bytes.empty()) {
    if (piece_.size() == limits::value_piece_bytes) {
      auto work = [this] { return write_piece(); };
      if (auto written = co_await storage_.pool.run(std::move(work)); !written) co_return written;
    }
    const auto taken = bytes.substr(0, limits::value_piece_bytes - piece_.size());
    take(taken);
    bytes.remove_prefix(taken.size());
  }
  co_return Result<void>{};
}

void RocksDbUpload::take(std::string_view bytes) {
  // A value that does not come in one portion is likely to be large: it gets its whole piece at once.
  if (!piece_.empty() && piece_.capacity() < piece_.size() + bytes.size()) {
    piece_.reserve(limits::value_piece_bytes + sizeof(std::uint64_t));
  }
  piece_ += bytes;
}

Task<Result<void>> RocksDbUpload::finish() {
  if (!file_ && piece_.size() <= limits::inline_value_bytes_max)
    return Task<Result<void>>::ready(Result<void>{});
  return storage_.pool.run([this] { return file_ ? write_last_piece() : write_row(); });
}

Result<void> RocksDbUpload::write_row() {
  RocksDbStore& store = storage_.store;
  if (auto room = store.space().take(piece_.size(), DiskSpace::Use::put); !room) return room;
  const std::string value_row = rows::value(namespace_id_, id_);
  const std::string garbage_row = rows::body(id_);
  seal(piece_, value_row);
  rocksdb::WriteBatch batch;
  batch.Put(store.values(), value_row, piece_);
  batch.Put(store.garbage(), garbage_row, encode_garbage(BodyRef::Place::row, namespace_id_, garbage_row));
  place_ = BodyRef::Place::row;  // also when the write fails: it may still have reached the disk
  piece_ = {};
  // Not synced: the write of the head is, and it syncs everything before it.
  return store.write(batch, RocksDbStore::Sync::no);
}

Result<void> RocksDbUpload::write_piece() {
  if (auto room = storage_.store.space().take(piece_.size(), DiskSpace::Use::put); !room) return room;
  if (!file_) {
    place_ = BodyRef::Place::file;
    auto created = ValueFileWriter::create(storage_.files, id_);
    if (!created) return created.error();
    file_.emplace(std::move(*created));
  }
  auto written = file_->append(piece_);
  piece_.clear();
  return written;
}

Result<void> RocksDbUpload::write_last_piece() {
  auto written = write_piece();
  piece_ = {};
  if (written) written = file_->sync();
  file_.reset();
  return written;
}

std::variant<std::string_view, BodyRef> RocksDbUpload::body() const {
  if (!place_) return std::string_view(piece_);
  return BodyRef{id_, *place_};
}

}  // namespace cubby
