#include "rados/rados_orphans.hpp"

#include <algorithm>
#include <cerrno>

#include "core/limits.hpp"
#include "rados/rados_upload.hpp"

namespace cubby {

using namespace rados_layout;

namespace {

constexpr std::uint64_t rows_per_page = 1000;

constexpr std::chrono::hours dead_after{24};
static_assert(dead_after >= 2 * upload_may_take);

// Longer than garbage is kept: an overwritten value, too, may have been found without a head.
constexpr std::chrono::hours marked_for{2};

// What is damaged is not read again before.
constexpr std::chrono::hours damaged_for{1};

// Nothing: the namespace is removed, or is being removed.
std::optional<RadosPlace> place_of(const RadosCatalog::Copy& catalog, IndexId index) {
  for (const auto& [id, each] : catalog.indexes) {
    if (each == index) return RadosPlace{id, each};
  }
  return std::nullopt;
}

bool is_being_removed(const RadosCatalog::Copy& catalog, IndexId index) {
  const auto is_it = [index](const RadosCatalog::Removal& each) { return each.index == index; };
  return std::any_of(catalog.removals.begin(), catalog.removals.end(), is_it);
}

}  // namespace

// What a process has left, and what becomes of it.
struct RadosOrphans::Registry {
  Timestamp alive_at{};
  RadosRows rows;
  bool has_more = false;
  std::uint64_t object_version = 0;

  std::map<IndexId, Bodies> unsure{};
  std::set<std::string> done{};  // rows that are to go
  RadosRows marks{};

  void end(BodyId body) { done.insert(body_row(body)); }
  void mark(BodyId body, Timestamp now) { marks.emplace(body_row(body), to_buffer(time_bytes(now))); }
};

Result<void> RadosOrphans::may() const {
  if (is_stopping_ || !may_go_on_()) return fail(Errc::storage_unavailable, "another process goes on");
  return {};
}

Task<Result<void>> RadosOrphans::collect(std::function<bool()> may_go_on) {
  may_go_on_ = std::move(may_go_on);
  std::string after;
  for (bool has_more = true; has_more;) {
    RadosRows rows;
    librados::ObjectReadOperation read;
    read.omap_get_vals2(after, rows_per_page, &rows, &has_more, nullptr);
    const auto answer = co_await index_.read(registries_object, read);
    if (answer.code == -ENOENT) co_return Result<void>{};
    if (answer.code < 0) co_return rados_error(answer.code, "the list of registries was not read");
    for (const auto& [row, bytes] : rows) {
      if (const auto allowed = may(); !allowed) co_return allowed;
      after = row;
      if (const auto done = co_await look_after(parse_writer_row(row)); !done) co_return done;
    }
    if (rows.empty()) break;
  }
  co_return Result<void>{};
}

Task<Result<void>> RadosOrphans::look_after(WriterId writer) {
  auto registry = co_await read_registry(writer);
  if (!registry) co_return registry.error();
  if (!*registry) co_return co_await forget(writer);
  if (clock_.now() < (*registry)->alive_at + dead_after) co_return Result<void>{};
  if (const auto judged = co_await judge(**registry); !judged) co_return judged;
  co_return co_await write_registry(writer, **registry);
}

// Nothing: there is none. Rows beyond the first page come when these are gone.
Task<Result<std::optional<RadosOrphans::Registry>>> RadosOrphans::read_registry(WriterId writer) {
  Registry registry;
  ceph::bufferlist alive_at;
  librados::ObjectReadOperation read;
  read.getxattr(alive_attribute, &alive_at, nullptr);
  read.omap_get_vals2("", rows_per_page, &registry.rows, &registry.has_more, nullptr);
  const auto answer = co_await index_.read(registry_object(writer), read);
  if (answer.code == -ENOENT) co_return std::nullopt;
  if (answer.code < 0) co_return rados_error(answer.code, "a registry was not read");
  registry.alive_at = time_in(alive_at.to_str());
  registry.object_version = answer.object_version;
  co_return registry;
}

// By a catalog that is newer than all that the process has written.
Task<Result<void>> RadosOrphans::judge(Registry& registry) {
  const auto catalog = co_await catalog_.newest();
  if (!catalog) co_return catalog.error();
  for (const auto& [row, bytes] : registry.rows) {
    if (const auto allowed = may(); !allowed) co_return allowed;
    const BodyId body = parse_body_row(row);
    const auto judged = bytes.length() > 0 ? co_await remove_if_due(registry, body, time_in(bytes.to_str()))
                                           : co_await judge_body(registry, body, **catalog);
    if (!judged) co_return judged;
  }
  for (const auto& [index, bodies] : registry.unsure) {
    const auto judged = co_await judge_unsure(registry, *place_of(**catalog, index), bodies);
    if (!judged) co_return judged;
  }
  co_return Result<void>{};
}

Task<Result<void>> RadosOrphans::remove_if_due(Registry& registry, BodyId body, Timestamp marked) {
  if (clock_.now() < marked + marked_for) co_return Result<void>{};
  const RadosBody whole{body, limits::value_bytes_max};
  if (const auto removed = co_await remove_body(data_, whole); !removed) co_return removed;
  registry.end(body);
  co_return Result<void>{};
}

Task<Result<void>> RadosOrphans::judge_body(Registry& registry, BodyId body,
                                            const RadosCatalog::Copy& catalog) {
  const auto index = co_await index_of(body);
  if (!index) co_return index.error();
  if (!*index)
    registry.end(body);
  else if (place_of(catalog, **index))
    registry.unsure[**index].insert(body);
  else if (!is_being_removed(catalog, **index))
    registry.mark(body, clock_.now());
  co_return Result<void>{};
}

// What is damaged in one namespace must not keep the others.
Task<Result<void>> RadosOrphans::judge_unsure(Registry& registry, RadosPlace place, Bodies bodies) {
  const auto damaged = damaged_.find(place.index);
  if (damaged != damaged_.end() && clock_.now() < damaged->second + damaged_for) co_return Result<void>{};
  const auto named = co_await named_in(place, bodies);
  if (!named && named.error().code == Errc::storage_unavailable) co_return named.error();
  if (!named) {
    damaged_[place.index] = clock_.now();
    co_return Result<void>{};
  }
  damaged_.erase(place.index);
  for (const BodyId body : bodies) {
    if (named->contains(body))
      registry.end(body);
    else
      registry.mark(body, clock_.now());
  }
  co_return Result<void>{};
}

// Nothing: its first piece is not there, and so none of it.
Task<Result<std::optional<IndexId>>> RadosOrphans::index_of(BodyId body) {
  ceph::bufferlist index;
  librados::ObjectReadOperation read;
  read.getxattr(index_attribute, &index, nullptr);
  const auto answer = co_await data_.read(piece_object(body, 0), read);
  if (answer.code == -ENOENT) co_return std::nullopt;
  if (answer.code < 0) co_return rados_error(answer.code, "a piece of a value was not read");
  co_return IndexId{number_in(index.to_str())};
}

// From key to key, as a list: splits and merges meanwhile do no harm.
Task<Result<RadosOrphans::Bodies>> RadosOrphans::named_in(RadosPlace place, Bodies wanted) {
  Bodies named;
  std::set<ShardId> fenced;
  RadosRows rows;
  bool has_more = false;
  for (KeyPosition position{"", true}; position.text != last_bound;) {
    if (const auto allowed = may(); !allowed) co_return allowed.error();
    const RadosRouter::Prepare prepare = [&](librados::ObjectReadOperation& read) {
      rows.clear();
      read.omap_get_vals2(head_row(position.text), std::string(head_kind), rows_per_page, &rows, &has_more,
                          nullptr);
    };
    const auto shard = co_await router_.read(place, position, prepare);
    if (!shard) co_return shard.error();
    if (!fenced.contains(shard->id)) {
      const auto is_fenced = co_await fence(*shard);
      if (!is_fenced) co_return is_fenced.error();
      if (*is_fenced) fenced.insert(shard->id);
      continue;
    }
    for (const auto& [row, bytes] : rows) {
      const std::string key = row.substr(head_kind.size());
      if (key > shard->header.high) {
        has_more = false;
        break;
      }
      const std::string record = bytes.to_str();
      const auto head = decode_head(record, head_place(place.namespace_id, key));
      if (!head) co_return head.error();
      const auto* const body = std::get_if<BodyRef>(&head->body);
      if (body && wanted.contains(body->id)) named.insert(body->id);
      position = {key, true};
    }
    if (!has_more) position = {shard->header.high, true};
  }
  co_return named;
}

// No write that was prepared before lands after it. False: the shard has changed since it was read.
Task<Result<bool>> RadosOrphans::fence(const FoundShard& shard) {
  librados::ObjectWriteOperation write;
  RadosResharder::guard(write, shard);
  co_return co_await balancer_.resharder().replace(shard, shard.header, write);
}

// Only if the process has given no sign since it was read.
Task<Result<void>> RadosOrphans::write_registry(WriterId writer, Registry& registry) {
  const bool is_over = registry.done.size() == registry.rows.size() && !registry.has_more;
  if (!is_over && registry.done.empty() && registry.marks.empty()) co_return Result<void>{};
  librados::ObjectWriteOperation write;
  write.assert_version(registry.object_version);
  if (is_over) {
    write.remove();
  } else {
    if (!registry.marks.empty()) write.omap_set(registry.marks);
    if (!registry.done.empty()) write.omap_rm_keys(registry.done);
  }
  const auto answer = co_await index_.write(registry_object(writer), write);
  const bool is_changed = answer.code == -ERANGE || answer.code == -EOVERFLOW || answer.code == -ENOENT;
  if (is_changed) co_return Result<void>{};
  if (answer.code < 0) co_return rados_error(answer.code, "a registry was not written");
  if (is_over) co_return co_await forget(writer);
  co_return Result<void>{};
}

Task<Result<void>> RadosOrphans::forget(WriterId writer) {
  const std::set<std::string> rows{writer_row(writer)};
  librados::ObjectWriteOperation forget;
  forget.omap_rm_keys(rows);
  const auto answer = co_await index_.write(registries_object, forget);
  if (answer.code < 0) co_return rados_error(answer.code, "a row of the list of registries was not removed");
  co_return Result<void>{};
}

}  // namespace cubby
