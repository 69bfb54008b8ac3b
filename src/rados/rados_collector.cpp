#include "rados/rados_collector.hpp"

#include <cerrno>

#include "rados/rados_upload.hpp"

namespace cubby {
namespace {

using namespace rados_layout;

constexpr const char* lease_object = "leases";
constexpr std::chrono::seconds collect_every{60};
constexpr std::uint64_t rows_per_page = 500;

}  // namespace

RadosLease::RadosLease(RadosPool& pool, std::string name)
    : pool_(pool), name_(std::move(name)), cookie_(std::to_string(random_number())) {}

RadosLease::~RadosLease() {
  if (is_taken_) pool_.blocking().unlock(lease_object, name_, cookie_);
}

Result<bool> RadosLease::take() {
  timeval lasts{.tv_sec = 15, .tv_usec = 0};
  const int code =
      pool_.blocking().lock_exclusive(lease_object, name_, cookie_, "", &lasts, LIBRADOS_LOCK_FLAG_MAY_RENEW);
  if (code < 0 && code != -EBUSY) return rados_error(code, "a lease was not taken");
  is_taken_ = code == 0;
  return is_taken_;
}

void RadosCollector::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    collect(stop);
    wait_.wait_for(lock, stop, collect_every, [] { return false; });
  }
}

// What fails now is there the next time.
void RadosCollector::collect(const std::stop_token& stop) {
  const auto is_ours = lease_.take();
  if (!is_ours || !*is_ours) return;
  const auto catalog = catalog_.newest_blocking();
  if (!catalog) return;
  for (const auto& [id, shard] : (*catalog)->shards) {
    if (!collect_garbage(shard, stop)) return;
  }
  for (const auto& removal : (*catalog)->removals) {
    if (removal.due <= clock_.now()) finish_removal(removal.shard, stop);
  }
}

bool RadosCollector::collect_garbage(ShardId shard, const std::stop_token& stop) {
  return remove_bodies(shard, garbage_kind, clock_.now(), stop);
}

// Bodies first: the shard is what tells where they are.
void RadosCollector::finish_removal(ShardId shard, const std::stop_token& stop) {
  if (!remove_bodies(shard, garbage_kind, Timestamp::max(), stop)) return;
  if (!remove_bodies(shard, body_kind, Timestamp::max(), stop)) return;
  const int code = index_.blocking().remove(shard_object(shard));
  if (code < 0 && code != -ENOENT) return;
  const auto forget = [shard](const RadosCatalog::Copy&) -> Result<RadosCatalog::Rows> {
    return RadosCatalog::Rows{{}, {removal_row(shard)}};
  };
  [[maybe_unused]] const auto forgotten = catalog_.apply_blocking(forget);
}

// Removes the bodies of rows of that kind, and the rows. False: something failed, or it is time to stop.
bool RadosCollector::remove_bodies(ShardId shard, std::string_view kind, Timestamp due,
                                   const std::stop_token& stop) {
  for (;;) {
    std::map<std::string, ceph::bufferlist> rows;
    bool has_more = false;
    librados::ObjectReadOperation read;
    read.omap_get_vals2("", std::string(kind), rows_per_page, &rows, &has_more, nullptr);
    const int code = index_.blocking().operate(shard_object(shard), &read, nullptr);
    if (code == -ENOENT) return true;
    if (code < 0) return false;
    std::set<std::string> done;
    for (const auto& [row, bytes] : rows) {
      if (stop.stop_requested()) return false;
      if (kind == garbage_kind && parse_garbage_due(row) > due) break;
      const BodyId body = parse_body_row(row);
      for (std::uint64_t piece = 0; piece < pieces_of(number_in(bytes.to_str())); ++piece) {
        const int removed = data_.blocking().remove(piece_object(shard, body, piece));
        if (removed < 0 && removed != -ENOENT) return false;
      }
      done.insert(row);
    }
    if (done.empty()) return true;
    librados::ObjectWriteOperation forget;
    forget.assert_exists();
    forget.omap_rm_keys(done);
    if (index_.blocking().operate(shard_object(shard), &forget) < 0) return false;
    if (done.size() < rows.size()) return true;
  }
}

}  // namespace cubby
