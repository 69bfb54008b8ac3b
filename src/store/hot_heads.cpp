#include "store/hot_heads.hpp"

#include <xxhash.h>

#include <algorithm>

namespace cubby {

std::uint64_t HotHeads::hash_of(std::string_view row) {
  return XXH3_64bits(row.data(), row.size());
}

HotHeads::Pinned HotHeads::find(std::string_view row) {
  const std::uint64_t hash = hash_of(row);
  const std::scoped_lock lock(mutex_of(hash));
  Slot& slot = slot_of(hash);
  if (!slot.hot || slot.hot->row != row) return nullptr;
  slot.asked_for = 0;
  return slot.hot;
}

void HotHeads::offer(std::string_view row, std::string_view bytes, std::uint64_t group) {
  const std::uint64_t hash = hash_of(row);
  const std::scoped_lock lock(mutex_of(hash));
  Slot& slot = slot_of(hash);
  if (slot.written_group > group) return;
  if (std::exchange(slot.asked_for, hash) != hash) return;
  auto hot = std::make_shared<Hot>(Hot{std::string(row), std::string(bytes), {}});
  const auto view = decode_head(hot->bytes, hot->row);
  if (!view) return;
  hot->view = *view;
  slot.hot = std::move(hot);
}

void HotHeads::forget(std::string_view row, std::uint64_t group) {
  const std::uint64_t hash = hash_of(row);
  const std::scoped_lock lock(mutex_of(hash));
  Slot& slot = slot_of(hash);
  slot.written_group = group;
  if (slot.hot && slot.hot->row == row) slot.hot.reset();
}

void HotHeads::forget_all(std::uint64_t group) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const std::scoped_lock lock(mutex_of(i));
    slots_[i].written_group = group;
    slots_[i].hot.reset();
  }
}

}  // namespace cubby
