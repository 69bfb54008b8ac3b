// Removes what processes that are no more have left behind: pieces of values that no head names.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "core/clock.hpp"
#include "rados/rados_balancer.hpp"
#include "rados/rados_catalog.hpp"
#include "rados/rados_router.hpp"
#include "rados/rados_rows.hpp"

namespace cubby {

// For one coroutine at a time. What fails is left, and done the next time; two processes that do it at once
// do no harm.
//
// A process that has not written its registry for a day is taken for dead. Each body there whose first piece
// is there, and which no head of its index names, gets a mark; two hours later, when nobody can be reading it
// any more, its pieces go. Nobody can name it meanwhile: an id is taken an hour after the registry was
// written at most, and a value is late twelve hours after that (`upload_may_take`). Before the heads of a
// shard are read, the shard gets a new header, so that no write lands that was prepared before, when it was
// not late yet. The clocks of all servers must agree within some hours.
class RadosOrphans {
 public:
  RadosOrphans(RadosPool& index, RadosPool& data, RadosCatalog& catalog, RadosRouter& router,
               RadosBalancer& balancer, const Clock& clock)
      : index_(index), data_(data), catalog_(catalog), router_(router), balancer_(balancer), clock_(clock) {}

  // Goes over all processes once, as long as `may_go_on`. Cost: a read for each; for one that has died in the
  // middle of uploads, all heads of the namespaces concerned.
  Task<Result<void>> collect(std::function<bool()> may_go_on);

  // `collect` ends soon.
  void stop() { is_stopping_ = true; }

 private:
  struct Registry;
  using Bodies = std::set<BodyId>;

  Task<Result<void>> look_after(WriterId writer);
  Task<Result<std::optional<Registry>>> read_registry(WriterId writer);
  Task<Result<void>> judge(Registry& registry);
  Task<Result<void>> judge_body(Registry& registry, BodyId body, const RadosCatalog::Copy& catalog);
  Task<Result<void>> judge_unsure(Registry& registry, RadosPlace place, Bodies bodies);
  Task<Result<void>> remove_if_due(Registry& registry, BodyId body, Timestamp marked);
  Task<Result<std::optional<IndexId>>> index_of(BodyId body);
  Task<Result<Bodies>> named_in(RadosPlace place, Bodies wanted);
  Task<Result<bool>> fence(const FoundShard& shard);
  Task<Result<void>> write_registry(WriterId writer, Registry& registry);
  Task<Result<void>> forget(WriterId writer);
  Result<void> may() const;

  RadosPool& index_;
  RadosPool& data_;
  RadosCatalog& catalog_;
  RadosRouter& router_;
  RadosBalancer& balancer_;
  const Clock& clock_;
  std::function<bool()> may_go_on_;
  std::map<IndexId, Timestamp> damaged_;  // and when that was found
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace cubby
