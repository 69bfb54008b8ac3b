#include "store/rocksdb_upload.hpp"

#include <rocksdb/snapshot.h>

#include <cassert>

#include "core/limits.hpp"

namespace cubby {

RocksDbUpload::~RocksDbUpload() {
  if (is_committed_ || pieces_count_ == 0) return;
  pool_.run_detached([&store = store_, namespace_id = namespace_id_, pieces = Pieces{id_, pieces_count_}] {
    rocksdb::WriteBatch batch;
    store.remove_pieces(batch, namespace_id, pieces);
    batch.Delete(store.uploads(), rows::upload(namespace_id, pieces.body));
    // If this fails the upload row is still there, and the next start collects the pieces.
    [[maybe_unused]] const auto written = store.write(batch, RocksDbStore::Sync::no);
  });
}

Task<Result<void>> RocksDbUpload::append(std::string_view bytes) {
  bytes_count_ += bytes.size();
  while (!bytes.empty()) {
    if (piece_.size() == limits::value_piece_bytes) {
      if (auto written = co_await write_piece(); !written) co_return written;
    }
    const auto taken = bytes.substr(0, limits::value_piece_bytes - piece_.size());
    piece_ += taken;
    bytes.remove_prefix(taken.size());
  }
  co_return Result<void>{};
}

Task<Result<void>> RocksDbUpload::finish() {
  if (pieces_count_ == 0 && piece_.size() <= limits::inline_value_bytes_max) co_return Result<void>{};
  co_return co_await write_piece();
}

Task<Result<void>> RocksDbUpload::write_piece() {
  auto work = [this]() -> Result<void> {
    rocksdb::WriteBatch batch;
    const std::string row = rows::piece(namespace_id_, id_, pieces_count_);
    seal(piece_, row);
    batch.Put(store_.values(), row, piece_);
    if (pieces_count_ == 0) batch.Put(store_.uploads(), rows::upload(namespace_id_, id_), "");
    ++pieces_count_;  // also when the write fails: it may still have reached the disk
    piece_.clear();
    // Not synced: the write of the head is, and it syncs everything before it.
    return store_.write(batch, RocksDbStore::Sync::no);
  };
  co_return co_await pool_.run(std::move(work));
}

std::variant<std::string_view, Pieces> RocksDbUpload::body() const {
  if (pieces_count_ == 0) return std::string_view(piece_);
  return Pieces{id_, pieces_count_};
}

void RocksDbUpload::stage_named(rocksdb::WriteBatch& rows) const {
  if (pieces_count_ > 0) rows.Delete(store_.uploads(), rows::upload(namespace_id_, id_));
}

Result<std::string> read_piece(RocksDbStore& store, const rocksdb::Snapshot* snapshot,
                               NamespaceId namespace_id, BodyId body, std::uint32_t index) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  const std::string row = rows::piece(namespace_id, body, index);
  std::string bytes;
  const auto status = store.db().Get(options, store.values(), row, &bytes);
  if (status.IsNotFound()) return fail(Errc::storage_corrupt, "a piece of a value is missing");
  if (!status.ok()) return to_error(status);
  const auto content = unseal(bytes, row);
  if (!content) return content.error();
  bytes.resize(content->size());
  return bytes;
}

namespace {

class PieceSource final : public ByteSource {
 public:
  PieceSource(RocksDbStore& store, StoragePool& pool, std::shared_ptr<rocksdb::ManagedSnapshot> snapshot,
              NamespaceId namespace_id, BodyId body, std::uint64_t bytes_left)
      : store_(store),
        pool_(pool),
        snapshot_(std::move(snapshot)),
        namespace_id_(namespace_id),
        body_(body),
        bytes_left_(bytes_left) {}

  Task<Result<std::string_view>> read() override {
    if (bytes_left_ == 0) co_return std::string_view{};
    auto work = [this] { return read_piece(store_, snapshot_->snapshot(), namespace_id_, body_, index_); };
    auto piece = co_await pool_.run(std::move(work));
    if (!piece) co_return piece.error();
    if (piece->empty() || piece->size() > bytes_left_) {
      co_return fail(Errc::storage_corrupt, "a piece of a value has a wrong length");
    }
    piece_ = std::move(*piece);
    bytes_left_ -= piece_.size();
    ++index_;
    co_return std::string_view(piece_);
  }

 private:
  RocksDbStore& store_;
  StoragePool& pool_;
  const std::shared_ptr<rocksdb::ManagedSnapshot> snapshot_;
  const NamespaceId namespace_id_;
  const BodyId body_;
  std::uint64_t bytes_left_;
  std::uint32_t index_ = 1;
  std::string piece_;
};

}  // namespace

std::unique_ptr<ByteSource> make_piece_source(RocksDbStore& store, StoragePool& pool,
                                              std::shared_ptr<rocksdb::ManagedSnapshot> snapshot,
                                              NamespaceId namespace_id, BodyId body,
                                              std::uint64_t bytes_left) {
  return std::make_unique<PieceSource>(store, pool, std::move(snapshot), namespace_id, body, bytes_left);
}

}  // namespace cubby
