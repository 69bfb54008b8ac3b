#include "client/key_lister.hpp"

#include <algorithm>

namespace cubby::client {

KeyLister::KeyLister(std::unique_ptr<KvClient> client, const NamespaceId& id, std::string prefix,
                     Position start, std::size_t unit_keys_max)
    : client_(std::move(client)),
      id_(id),
      prefix_(std::move(prefix)),
      cursor_(std::move(start.cursor)),
      after_(std::move(start.after)),
      unit_keys_max_(unit_keys_max) {}

Outcome<ListPage> KeyLister::list() {
  auto page = client_->list(id_, prefix_, cursor_);
  const bool is_old_cursor = !page && page.error().status == 400 && !cursor_.empty() && !page_;
  if (!is_old_cursor) return page;
  cursor_.clear();
  return client_->list(id_, prefix_, cursor_);
}

Outcome<bool> KeyLister::has_keys() {
  while (true) {
    if (page_) {
      // Names are never empty, so an empty `after` leaves out none.
      while (taken_ < page_->keys.size() && page_->keys[taken_].name <= after_) ++taken_;
      if (taken_ < page_->keys.size()) return true;
      if (page_->cursor.empty()) return false;
      cursor_ = page_->cursor;
    }
    auto page = list();
    if (!page) return page.error();
    page_ = *std::move(page);
    taken_ = 0;
  }
}

Outcome<std::optional<KeyUnit>> KeyLister::next() {
  const auto any = has_keys();
  if (!any) return any.error();
  if (!*any) return std::optional<KeyUnit>();
  KeyUnit unit;
  while (taken_ < page_->keys.size() && unit.keys.size() < unit_keys_max_)
    unit.keys.push_back(std::move(page_->keys[taken_++]));
  after_ = unit.keys.back().name;
  unit.end = {.cursor = cursor_, .after = after_};
  return std::optional(std::move(unit));
}

Outcome<std::vector<ListedKey>> KeyLister::take_through(const std::string& last) {
  std::vector<ListedKey> keys;
  while (true) {
    const auto any = has_keys();
    if (!any) return any.error();
    if (!*any || page_->keys[taken_].name > last) return keys;
    after_ = page_->keys[taken_].name;
    keys.push_back(std::move(page_->keys[taken_++]));
  }
}

Outcome<std::uint64_t> count_keys(std::unique_ptr<KvClient> client, const NamespaceId& id,
                                  const std::string& prefix) {
  std::uint64_t count = 0;
  std::string cursor;
  do {
    const auto page = client->list(id, prefix, cursor);
    if (!page) return page.error();
    count += page->keys.size();
    cursor = page->cursor;
  } while (!cursor.empty());
  return count;
}

}  // namespace cubby::client
