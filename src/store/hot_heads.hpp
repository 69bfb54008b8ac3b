// Heads that are read again and again, decoded and checked once: a read of one costs no look in the database.
//
// A row has one slot, by its hash, which it gets when it is asked for twice without another row of that slot
// being asked for in between; so a walk over many rows moves nothing out that is in use. A row leaves before
// a write of it can be seen, and what was read before that write is not taken in after it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "store/record.hpp"

namespace cubby {

// Thread-safe.
class HotHeads {
 public:
  struct Hot {
    std::string row;    // of the heads family
    std::string bytes;  // what it holds
    HeadView view;      // of `bytes`
  };
  using Pinned = std::shared_ptr<const Hot>;

  explicit HotHeads(std::size_t slots) : slots_(slots) {}

  // Null: it is not here.
  Pinned find(std::string_view row);

  // A row that was read from the database while all up to `group` was visible; taken in if it is asked for
  // often enough and was not written since.
  void offer(std::string_view row, std::string_view bytes, std::uint64_t group);

  // The row is about to be written, by this group.
  void forget(std::string_view row, std::uint64_t group);
  // All rows are.
  void forget_all(std::uint64_t group);

 private:
  struct Slot {
    Pinned hot;
    std::uint64_t asked_for = 0;      // the hash of the row that was asked for last and is not here
    std::uint64_t written_group = 0;  // the last that wrote a row of this slot
  };

  static std::uint64_t hash_of(std::string_view row);
  Slot& slot_of(std::uint64_t hash) { return slots_[hash % slots_.size()]; }
  std::mutex& mutex_of(std::uint64_t hash) { return mutexes_[hash % slots_.size() % mutexes_.size()]; }

  std::vector<Slot> slots_;
  std::array<std::mutex, 64> mutexes_;
};

}  // namespace cubby
