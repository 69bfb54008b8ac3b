#include "store/memory_engine.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "core/expiration.hpp"
#include "core/limits.hpp"
#include "store/catalog.hpp"
#include "store/ordering.hpp"

namespace cubby {
namespace {

// Readers hold on to the bytes they found, so an overwrite never changes what they see.
using Bytes = std::shared_ptr<const std::string>;

struct Record {
  Head head;
  Bytes bytes;
};

class MemoryUpload final : public Upload {
 public:
  Task<Result<void>> append(std::string_view bytes) override {
    bytes_.append(bytes);
    co_return Result<void>{};
  }
  Task<Result<void>> finish() override { co_return Result<void>{}; }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class MemorySource final : public ByteSource {
 public:
  MemorySource(Bytes bytes, std::size_t offset) : bytes_(std::move(bytes)), offset_(offset) {}

  Task<Result<std::string_view>> read() override {
    const auto piece = std::string_view(*bytes_).substr(offset_, limits::value_piece_bytes);
    offset_ += piece.size();
    co_return piece;
  }

 private:
  Bytes bytes_;
  std::size_t offset_;
};

class MemoryEngine final : public Engine {
 public:
  Task<Result<std::optional<StoredValue>>> get(NamespaceId namespace_id, Key key, Instant now) override {
    const auto record = find_live(namespace_id, key, now);
    if (!record) co_return std::nullopt;
    const auto first = std::string_view(*record->bytes).substr(0, limits::value_piece_bytes);
    StoredValue value{.head = record->head, .bytes = PinnedBytes(record->bytes, first), .rest = {}};
    if (value.bytes.size() < record->bytes->size()) {
      value.rest = std::make_unique<MemorySource>(record->bytes, value.bytes.size());
    }
    co_return value;
  }

  Task<Result<std::optional<Head>>> head(NamespaceId namespace_id, Key key, Instant now) override {
    const auto record = find_live(namespace_id, key, now);
    if (!record) co_return std::nullopt;
    co_return record->head;
  }

  Task<Result<ScanSlice>> scan(ScanRequest request) override {
    const std::scoped_lock lock(mutex_);
    ScanSlice slice;
    const auto& records = data_[request.namespace_id];
    auto row = records.lower_bound(first_key_of(request));
    std::uint32_t rows = 0;
    for (; row != records.end() && row->first.starts_with(request.prefix); ++row) {
      if (slice.entries.size() == request.entries_max || rows++ == limits::list_rows_per_slice) {
        slice.resume_after = std::prev(row)->first;
        break;
      }
      if (is_expired(row->second.head.expiration, request.now)) continue;
      slice.entries.push_back({Key::parse(row->first).value(), row->second.head});
    }
    co_return slice;
  }

  std::unique_ptr<Upload> begin_upload(NamespaceId) override { return std::make_unique<MemoryUpload>(); }

  Task<Result<Version>> apply(NamespaceId namespace_id, std::vector<Mutation> mutations,
                              Timestamp written_at) override {
    const std::scoped_lock lock(mutex_);
    if (!catalog_.find(namespace_id)) co_return fail(Errc::namespace_not_found);
    version_ = next_version(version_, written_at);
    auto& records = data_[namespace_id];
    for (auto& mutation : mutations) {
      if (auto* put = std::get_if<Put>(&mutation)) {
        std::string bytes = static_cast<MemoryUpload&>(*put->value).take();
        const Head head{version_, put->expiration, std::move(put->metadata), bytes.size()};
        records.insert_or_assign(put->key.text(),
                                 Record{head, std::make_shared<const std::string>(std::move(bytes))});
      } else {
        records.erase(std::get<Delete>(mutation).key.text());
      }
    }
    co_return version_;
  }

  // Nothing worth telling.
  Task<Result<EngineFigures>> figures(Instant) override { co_return EngineFigures{}; }

  Task<Result<CountedUsage>> usage(NamespaceId namespace_id, Instant now) override {
    co_return CountedUsage{count(namespace_id, now)};
  }

  Task<Result<Usage>> recount(NamespaceId namespace_id, Instant now) override {
    co_return count(namespace_id, now);
  }

  Task<Result<Swept>> sweep(Instant now, std::uint32_t rows_max) override {
    const std::scoped_lock lock(mutex_);
    std::set<std::tuple<Instant, NamespaceId, std::string>> due;
    for (const auto& [id, records] : data_) {
      for (const auto& [key, record] : records) {
        if (is_expired(record.head.expiration, now)) due.emplace(*record.head.expiration, id, key);
      }
    }
    Swept swept;
    for (const auto& [expiration, id, key] : due) {
      if (swept.rows == rows_max) break;
      data_[id].erase(key);
      ++swept.rows;
    }
    swept.is_done = swept.rows == due.size();
    co_return swept;
  }

  Task<Result<void>> create_namespace(Namespace created) override {
    const std::scoped_lock lock(mutex_);
    auto checked = catalog_.check_create(created);
    if (checked) catalog_.put(created);
    co_return checked;
  }

  Task<Result<Namespace>> rename_namespace(NamespaceId id, Title title) override {
    const std::scoped_lock lock(mutex_);
    auto renamed = catalog_.check_rename(id, title);
    if (renamed) catalog_.put(*renamed);
    co_return renamed;
  }

  Task<Result<void>> remove_namespace(NamespaceId id) override {
    const std::scoped_lock lock(mutex_);
    if (!catalog_.find(id)) co_return fail(Errc::namespace_not_found);
    catalog_.remove(id);
    data_.erase(id);
    co_return Result<void>{};
  }

  Task<Result<std::optional<Namespace>>> find_namespace(NamespaceId id) override {
    co_return catalog_.find(id);
  }
  Task<Result<std::optional<Namespace>>> find_namespace_by_title(AccountId account, Title title) override {
    co_return catalog_.find(account, title);
  }
  Task<Result<std::vector<Namespace>>> namespaces(AccountId account) override {
    co_return catalog_.namespaces(account);
  }

  std::uint64_t access_generation() const override { return catalog_.access_generation(); }
  Task<Result<void>> put_account(Account account) override {
    catalog_.put(account);
    co_return Result<void>{};
  }
  Task<Result<std::optional<Account>>> find_account(AccountId id) override { co_return catalog_.find(id); }
  Task<Result<std::vector<Account>>> accounts() override { co_return catalog_.accounts(); }

  Task<Result<void>> put_token(Token token) override {
    catalog_.put(token);
    co_return Result<void>{};
  }
  Task<Result<std::optional<Token>>> find_token(TokenHash hash) override { co_return catalog_.find(hash); }
  Task<Result<std::vector<Token>>> tokens() override { co_return catalog_.tokens(); }

 private:
  Usage count(NamespaceId namespace_id, Instant now) {
    const std::scoped_lock lock(mutex_);
    Usage usage;
    for (const auto& [key, record] : data_[namespace_id]) {
      if (is_expired(record.head.expiration, now)) continue;
      ++usage.keys;
      usage.bytes += key.size() + counted_bytes(record.head);
    }
    return usage;
  }

  std::optional<Record> find_live(NamespaceId namespace_id, const Key& key, Instant now) {
    const std::scoped_lock lock(mutex_);
    const auto& records = data_[namespace_id];
    const auto found = records.find(key.text());
    if (found == records.end() || is_expired(found->second.head.expiration, now)) return std::nullopt;
    return found->second;
  }

  std::mutex mutex_;  // orders the changes of the catalog too
  std::map<NamespaceId, std::map<std::string, Record>> data_;
  Version version_{};
  Catalog catalog_;
};

}  // namespace

std::unique_ptr<Engine> make_memory_engine() {
  return std::make_unique<MemoryEngine>();
}

}  // namespace cubby
