// Brings changes of keys to the shards where they belong.
#pragma once

#include <memory>
#include <vector>

#include "rados/rados_balancer.hpp"
#include "rados/rados_writer.hpp"

namespace cubby {

struct RadosApplied {
  Version version{};          // the largest, if others have written meanwhile
  std::uint32_t removed = 0;  // by expiry rows
};

// Thread-safe.
class RadosApplier {
 public:
  RadosApplier(RadosRouter& router, RadosWriter& writer, RadosBalancer& balancer)
      : router_(router), writer_(writer), balancer_(balancer) {}

  // In order; for the same key twice, the later wins. One atomic write for each shard, all at once. Errors:
  // namespace_not_found, if the index is being removed or is no more; storage_unavailable: the argument says
  // which keys were not written, if others were.
  Task<Result<RadosApplied>> apply(RadosPlace place, std::vector<RadosItem> items, Timestamp written_at);

 private:
  using Change = std::shared_ptr<ShardChange>;
  struct Work;
  struct Answer {
    Change change;
    Result<Written> written;
  };

  Task<Result<RadosRouter::Seen>> shard_of(RadosPlace place, std::string key, bool is_first_try);
  Task<Result<std::vector<Change>>> group(Work& work, std::vector<RadosItem> items);
  Task<std::vector<Answer>> write_all(std::vector<Change> changes);
  Task<Result<void>> outcome_of(const Work& work, const Answer& answer);
  Task<std::vector<RadosItem>> take_answers(Work& work, std::vector<Answer> answers);

  RadosRouter& router_;
  RadosWriter& writer_;
  RadosBalancer& balancer_;
};

// About how much an item adds to a batch.
std::size_t bytes_of(const RadosItem& item);

}  // namespace cubby
