// The rules of keys and values: one method for each thing that can be asked, whatever the dialect.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/operation.hpp"
#include "core/request_memory.hpp"
#include "service/namespace_calls.hpp"
#include "store/engine.hpp"

namespace cubby {

struct KvSettings {
  std::uint64_t value_bytes_max = limits::value_bytes_max;  // may be lower, for tests of clients
  // Decides about expiry; nothing: the clock that writes are stamped with.
  const Clock* expiry_clock = nullptr;
  NamespaceCalls* calls = nullptr;  // is told of each call; nothing: nobody is
};

// Methods may be called from any loop at any time; each reads the clock once. Every method answers
// namespace_not_found if the namespace is not there or belongs to another account, permission_missing if the
// call reaches beyond the place's key prefix (a list's prefix must begin with it), and passes the engine's
// errors on.
class KvService {
 public:
  // `clock` stamps writes, and decides about expiry unless the settings name another clock for that.
  KvService(Engine& engine, const Clock& clock, const KvSettings& settings = {})
      : engine_(engine),
        clock_(clock),
        expiry_clock_(settings.expiry_clock ? *settings.expiry_clock : clock),
        calls_(settings.calls),
        value_bytes_max_(settings.value_bytes_max) {}

  // Errors: key_not_found.
  Task<Result<StoredValue>> get(Place place, Key key);
  Task<Result<Head>> head(Place place, Key key);

  // Replaces value, metadata and expiration as a whole. A value that is too large is read to its end all the
  // same, so that the error can say how large it was. Errors: those of parse_expiration, value_too_large,
  // those of the value. Nothing is written then. Limits: KvSettings::value_bytes_max.
  Task<Result<void>> put(Place place, Key key, RawExpiration expiration, IncomingValue& value);

  // A key that is not there is no error.
  Task<Result<void>> remove(Place place, Key key);

  // A page is empty only if no key follows; its cursor is empty exactly if no key follows.
  // Errors: cursor_invalid, overloaded. Cost: the keys of the page and the expired ones between them, in
  // slices; what they take counts as `memory` when it is there, and of very many at once before.
  Task<Result<KeyPage>> list(Place place, ListKeys request, RequestMemory& memory);

  // Live keys and bytes: of keys, values and metadata. Exact at the moment that its age tells.
  Task<Result<CountedUsage>> usage(Place place);

  // All pairs or none. Answers how many keys were written: the same pair twice counts once.
  // Errors: bulk_duplicate_key, bulk_too_many, value_too_large, those of parse_expiration, those of the
  // pairs, overloaded. Limits: limits::bulk_items_max. `memory` holds what a pair takes beside its bytes.
  Task<Result<std::size_t>> put_all(Place place, BulkPairs& pairs, RequestMemory& memory);

  // Answers how many distinct keys were named.
  Task<Result<std::size_t>> remove_all(Place place, std::vector<Key> keys);

  // In the order asked for; a key named twice is answered once.
  // Errors: bulk_get_not_json (with Type::json), bulk_get_too_large, overloaded.
  // Limits: limits::bulk_get_bytes_max, the values together. `memory` holds them.
  Task<Result<std::vector<BulkGetItem>>> get_all(Place place, BulkGet request, RequestMemory& memory);

 private:
  void count(Work work, const Place& place) {
    if (calls_) calls_->note(work, place.namespace_id);
  }
  Task<Result<void>> check_place(Place place);
  Task<Result<ScanSlice>> scan(ScanRequest request, RequestMemory& memory);
  Task<Result<std::string>> read_whole(StoredValue value);

  Instant expiry_now() const { return whole_seconds(expiry_clock_.now()); }

  Engine& engine_;
  const Clock& clock_;
  const Clock& expiry_clock_;
  NamespaceCalls* const calls_;
  const std::uint64_t value_bytes_max_;
  std::atomic<std::size_t> slices_{0};  // being read
};

}  // namespace cubby
