#include "service/bulk_write.hpp"

#include <xxhash.h>

#include "core/limits.hpp"

namespace cubby {

Task<Result<void>> BulkWrite::add(BulkPair pair) {
  if (++pairs_count_ > limits::bulk_items_max) {
    co_return fail(Errc::bulk_too_many, std::to_string(limits::bulk_items_max));
  }
  if (pair.value.size() > value_bytes_max_) co_return value_too_large(pair.value.size(), value_bytes_max_);
  const auto expiration = parse_expiration(pair.expiration, now_);
  if (!expiration) co_return expiration.error();

  const auto hash = XXH3_128bits(pair.value.data(), pair.value.size());
  const Content content{hash.low64, hash.high64, pair.value.size(), *expiration, pair.metadata};
  const auto [known, is_new] = seen_.try_emplace(pair.key.text(), content);
  if (!is_new) {
    if (known->second == content) co_return Result<void>{};
    co_return fail(Errc::bulk_duplicate_key, pair.key.text());
  }

  auto upload = engine_.begin_upload(namespace_id_);
  if (auto appended = co_await upload->append(pair.value); !appended) co_return appended;
  if (auto finished = co_await upload->finish(); !finished) co_return finished;
  mutations_.push_back(Put{std::move(pair.key), std::move(upload), std::move(pair.metadata), *expiration});
  co_return Result<void>{};
}

}  // namespace cubby
