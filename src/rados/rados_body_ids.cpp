#include "rados/rados_body_ids.hpp"

#include <cerrno>

#include "rados/rados_rows.hpp"

namespace cubby {

using namespace rados_layout;

namespace {

constexpr std::size_t ids_per_write = 128;
constexpr std::size_t write_ahead_below = 32;
constexpr std::chrono::minutes alive_every{30};

RadosRows rows_of(const std::set<BodyId>& ids) {
  RadosRows rows;
  for (const BodyId each : ids) rows.emplace(body_row(each), ceph::bufferlist());
  return rows;
}

std::set<std::string> row_names_of(const std::set<BodyId>& ids) {
  std::set<std::string> names;
  for (const BodyId each : ids) names.insert(body_row(each));
  return names;
}

// A full pool is an error, and nothing to wait for.
int operate(RadosPool& pool, const std::string& object, librados::ObjectWriteOperation& operation) {
  return pool.blocking().operate(object, &operation, librados::OPERATION_FULL_TRY);
}

}  // namespace

RadosBodyIds::~RadosBodyIds() {
  const std::scoped_lock writing(writing_);
  bool is_all_settled = false;
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
    settled_.insert(unused_.begin(), unused_.end());
    is_all_settled = taken_.empty();
  }
  if (!is_made_) return;
  if (is_all_settled)
    remove_registry();
  else [[maybe_unused]]
    const auto written = write({});
}

Task<Result<BodyId>> RadosBodyIds::take() {
  const auto asked = Stopwatch::now();
  for (;;) {
    if (const auto id = take_unused()) co_return *id;
    auto more = [this, asked] { return write_more(asked); };
    if (const auto written = co_await threads_.run(std::move(more)); !written) co_return written.error();
  }
}

std::optional<BodyId> RadosBodyIds::take_unused() {
  const std::scoped_lock lock(mutex_);
  if (unused_.empty() || is_stale()) return std::nullopt;
  const BodyId id = unused_.front();
  unused_.pop_front();
  taken_.insert(id);
  if (unused_.size() < write_ahead_below && !is_writing_ahead_) {
    is_writing_ahead_ = true;
    threads_.run_detached([this] {
      [[maybe_unused]] const auto written = write_more(Stopwatch::now());
      const std::scoped_lock ended(mutex_);
      is_writing_ahead_ = false;
    });
  }
  return id;
}

void RadosBodyIds::settle(BodyId id) {
  const std::scoped_lock lock(mutex_);
  if (taken_.erase(id) > 0) settled_.insert(id);
}

void RadosBodyIds::keep_alive() {
  const std::scoped_lock writing(writing_);
  if (!is_made_) return;
  {
    const std::scoped_lock lock(mutex_);
    if (settled_.empty() && clock_.now() < written_at_ + alive_every) return;
  }
  [[maybe_unused]] const auto written = write({});
}

// ---- The registry

// A failure is that of all who had asked by then: they do not try one after the other.
Result<void> RadosBodyIds::write_more(Stopwatch::time_point asked) {
  const std::scoped_lock writing(writing_);
  if (failed_at_ > asked) return failure_;
  {
    const std::scoped_lock lock(mutex_);
    if (is_ending_) return fail(Errc::storage_unavailable, "the process ends");
    if (unused_.size() >= write_ahead_below && !is_stale()) return {};
  }
  while (fresh_.size() < ids_per_write) fresh_.insert(BodyId{random_number()});
  if (auto written = write(fresh_); !written) {
    failed_at_ = Stopwatch::now();
    return failure_ = std::move(written);
  }
  const std::scoped_lock lock(mutex_);
  unused_.insert(unused_.end(), fresh_.begin(), fresh_.end());
  fresh_.clear();
  return {};
}

Result<void> RadosBodyIds::write(const std::set<BodyId>& fresh) {
  std::set<BodyId> settled;
  {
    const std::scoped_lock lock(mutex_);
    settled.swap(settled_);
  }
  const Timestamp now = clock_.now();
  int code = is_made_ ? change_registry(fresh, settled) : make_registry(fresh);
  if (code == -ENOENT) {
    settled.clear();
    begin_anew();
    code = make_registry(fresh);
  }
  const std::scoped_lock lock(mutex_);
  if (code < 0) {
    settled_.merge(settled);
    return rados_error(code, "no place was found for a value");
  }
  written_at_ = now;
  return {};
}

// The process was taken for dead: what it had begun is no longer its own.
void RadosBodyIds::begin_anew() {
  writer_ = WriterId{random_number()};
  is_made_ = false;
  const std::scoped_lock lock(mutex_);
  unused_.clear();
  taken_.clear();
}

// Done again until all of it is done.
int RadosBodyIds::make_registry(const std::set<BodyId>& ids) {
  librados::ObjectWriteOperation make;
  make.create(false);
  make.setxattr(alive_attribute, to_buffer(time_bytes(clock_.now())));
  make.omap_set(rows_of(ids));
  if (const int code = operate(index_, registry_object(writer_), make); code < 0) return code;
  // After it, for who finds the row without a registry removes it.
  librados::ObjectWriteOperation list;
  list.omap_set({{writer_row(writer_), ceph::bufferlist()}});
  const int code = operate(index_, registries_object, list);
  is_made_ = code >= 0;
  return code;
}

int RadosBodyIds::change_registry(const std::set<BodyId>& fresh, const std::set<BodyId>& settled) {
  librados::ObjectWriteOperation change;
  change.assert_exists();
  change.setxattr(alive_attribute, to_buffer(time_bytes(clock_.now())));
  if (!fresh.empty()) change.omap_set(rows_of(fresh));
  if (!settled.empty()) change.omap_rm_keys(row_names_of(settled));
  return operate(index_, registry_object(writer_), change);
}

void RadosBodyIds::remove_registry() {
  librados::IoCtx io = index_.blocking();
  if (io.remove(registry_object(writer_)) < 0) return;
  io.omap_rm_keys(registries_object, {writer_row(writer_)});
}

}  // namespace cubby
