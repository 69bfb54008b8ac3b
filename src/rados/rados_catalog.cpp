#include "rados/rados_catalog.hpp"

#include <cerrno>

#include "store/bytes.hpp"
#include "store/catalog_record.hpp"

namespace cubby {
namespace {

using namespace rados_layout;
using namespace std::chrono_literals;

constexpr auto trusted_for = 1s;
constexpr auto look_every = 300ms;

std::string_view first_byte(const std::string& row) {
  return std::string_view(row).substr(0, 1);
}

Result<void> take_row(RadosCatalog::Copy& copy, const std::string& row, const std::string& bytes) {
  if (first_byte(row) == std::string_view(&index_of_namespace_kind, 1)) {
    copy.indexes.emplace(parse_index_of_namespace_row(row), IndexId{number_in(bytes)});
    return {};
  }
  if (first_byte(row) == std::string_view(&removal_kind, 1)) {
    copy.removals.push_back({parse_removal_row(row), decode_removal_entry(bytes)});
    return {};
  }
  const auto known = decode_catalog_row(bytes, row);
  if (!known) return known.error();
  std::visit([&copy](const auto& each) { copy.catalog.put(each); }, *known);
  return {};
}

// Never the same twice, whoever writes it.
std::string new_generation() {
  return number_bytes(random_number()) + number_bytes(random_number());
}

}  // namespace

RadosCatalog::~RadosCatalog() {
  follower_.request_stop();
}

Result<void> RadosCatalog::open() {
  librados::ObjectWriteOperation create;
  create.create(true);
  create.setxattr(generation_attribute, to_buffer(new_generation()));
  create.setxattr(last_version_attribute, to_buffer(number_bytes(0)));
  const int code = pool_.blocking().operate(catalog_object, &create);
  if (code < 0 && code != -EEXIST) return rados_error(code, "the catalog cannot be made");
  if (const auto first = newest_blocking(); !first) return first.error();
  follower_ = std::jthread([this](std::stop_token stop) { follow(std::move(stop)); });
  return {};
}

void RadosCatalog::follow(std::stop_token stop) {
  while (!stop.stop_requested()) {
    before_look_();
    watch_.keep();
    const auto told = watch_.take();
    // What cannot be read now makes the copy old, and whoever needs it looks for himself.
    const auto looked = newest_blocking();
    if (looked) watch_.acknowledge(told);
    std::unique_lock lock(wait_mutex_);
    wait_.wait_for(lock, stop, look_every, [this] { return is_told_; });
    is_told_ = false;
  }
}

void RadosCatalog::look_when_told() {
  const std::scoped_lock lock(wait_mutex_);
  is_told_ = true;
  wait_.notify_all();
}

RadosCatalog::Shared RadosCatalog::copy() const {
  const std::scoped_lock lock(copy_mutex_);
  return copy_;
}

bool RadosCatalog::is_trusted() const {
  return Clock::now() - Clock::time_point(Clock::duration(confirmed_.load())) < trusted_for;
}

std::uint64_t RadosCatalog::access_generation() const {
  constexpr std::uint64_t untrusted = std::uint64_t{1} << 63;
  if (!is_trusted()) return untrusted | ++untrusted_answers_;
  return number_in(copy()->generation) & ~untrusted;
}

Result<std::string> RadosCatalog::read_generation() {
  ceph::bufferlist bytes;
  RadosPool::Connected connected = pool_.connected();
  const int code = connected.io.getxattr(catalog_object, generation_attribute, bytes);
  pool_.note(code, connected.connection_number);
  if (code < 0) return rados_error(code, "the catalog cannot be read");
  return bytes.to_str();
}

// By pages, all of one generation.
Result<RadosCatalog::Shared> RadosCatalog::read_copy() {
  for (;;) {
    auto read = std::make_shared<Copy>();
    std::string after;
    bool is_of_one_generation = true;
    for (bool has_more = true; has_more && is_of_one_generation;) {
      librados::ObjectReadOperation page;
      ceph::bufferlist generation;
      ceph::bufferlist last_version;
      std::map<std::string, ceph::bufferlist> rows;
      page.getxattr(generation_attribute, &generation, nullptr);
      page.getxattr(last_version_attribute, &last_version, nullptr);
      page.omap_get_vals2(after, 1000, &rows, &has_more, nullptr);
      const int code = pool_.blocking().operate(catalog_object, &page, nullptr);
      if (code < 0) return rados_error(code, "the catalog cannot be read");
      if (read->generation.empty()) read->generation = generation.to_str();
      is_of_one_generation = read->generation == generation.to_str();
      read->last_version = Version{number_in(last_version.to_str())};
      for (const auto& [row, bytes] : rows) {
        if (auto taken = take_row(*read, row, bytes.to_str()); !taken) return taken.error();
        after = row;
      }
    }
    if (is_of_one_generation) return read;
  }
}

// Who comes while another looks shares the look that begins after that one.
Result<RadosCatalog::Shared> RadosCatalog::refresh(Clock::time_point asked) {
  const std::scoped_lock lock(reading_);
  if (last_look_ > asked) {
    if (!last_result_) return last_result_.error();
    return copy();
  }
  last_look_ = Clock::now();
  last_result_ = [&]() -> Result<void> {
    const auto generation = read_generation();
    if (!generation) return generation.error();
    if (const auto known = copy(); !known || known->generation != *generation) {
      auto read = read_copy();
      if (!read) return read.error();
      const std::scoped_lock copy_lock(copy_mutex_);
      copy_ = std::move(*read);
    }
    confirmed_ = last_look_.time_since_epoch().count();
    return {};
  }();
  if (!last_result_) return last_result_.error();
  return copy();
}

Task<Result<RadosCatalog::Shared>> RadosCatalog::newest() {
  auto work = [this, asked = Clock::now()] { return refresh(asked); };
  co_return co_await threads_.run(std::move(work));
}

Task<Result<RadosCatalog::Shared>> RadosCatalog::current() {
  if (is_trusted()) co_return copy();
  co_return co_await newest();
}

Result<void> RadosCatalog::apply_blocking(const Change& change) {
  for (;;) {
    const auto known = newest_blocking();
    if (!known) return known.error();
    const auto rows = change(**known);
    if (!rows) return rows.error();
    if (rows->set.empty() && rows->removed.empty()) return {};
    librados::ObjectWriteOperation write;
    write.cmpxattr(generation_attribute, LIBRADOS_CMPXATTR_OP_EQ, to_buffer((*known)->generation));
    std::map<std::string, ceph::bufferlist> set;
    for (const auto& [row, bytes] : rows->set) set.emplace(row, to_buffer(bytes));
    if (!rows->removed.empty()) write.omap_rm_keys(rows->removed);
    if (!set.empty()) write.omap_set(set);
    write.setxattr(generation_attribute, to_buffer(new_generation()));
    const int code = pool_.blocking().operate(catalog_object, &write);
    if (code == -ECANCELED) continue;
    if (code < 0) return rados_error(code, "it is unknown whether the catalog was changed");
    // Known here, and to all who can be told, before it is acknowledged.
    RadosWatch::announce(pool_, catalog_object);
    const auto changed = newest_blocking();
    if (!changed) confirmed_ = 0;  // the copy is old, and that is known
    return {};
  }
}

Task<Result<void>> RadosCatalog::apply(Change change) {
  auto work = [this, change = std::move(change)] { return apply_blocking(change); };
  co_return co_await changing_.run(std::move(work));
}

void RadosCatalog::keep_last_version(Version version) {
  const auto known = newest_blocking();
  if (!known || (*known)->last_version >= version) return;
  librados::ObjectWriteOperation write;
  write.cmpxattr(generation_attribute, LIBRADOS_CMPXATTR_OP_EQ, to_buffer((*known)->generation));
  write.setxattr(last_version_attribute, to_buffer(number_bytes(static_cast<std::uint64_t>(version))));
  write.setxattr(generation_attribute, to_buffer(new_generation()));
  // If it fails, versions still grow in each namespace.
  pool_.blocking().operate(catalog_object, &write);
}

}  // namespace cubby
