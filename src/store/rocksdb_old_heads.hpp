// Heads that a write is about to replace, looked up before it reaches the commit thread.
//
// The commit thread must know what each write replaces, and must not wait for a disk while others wait for
// it. So the writer looks first, in memory or on a storage thread, and the commit thread takes what was found
// if the row has not been written since: that it tells from a table of the last write of each row, by hash.
// Where two rows share an entry of it, one look is done again for nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/hot_heads.hpp"
#include "store/rocksdb_store.hpp"
#include "store/rocksdb_usage.hpp"
#include "store/storage_pool.hpp"

namespace cubby {

// What a write must know of the head that it replaces.
struct OldHead {
  std::optional<Instant> expiration;
  Count count;
  std::optional<BodyRef> body;
  bool is_damaged = false;  // there is a row, and nobody knows what it said

  OldHead(std::string_view row, const HeadView& head);
  static OldHead damaged();

 private:
  OldHead() = default;
};

// Nothing inside: no such row.
using FoundHead = std::optional<OldHead>;

// A damaged row is no error. Errors: storage_failed.
Result<FoundHead> read_old_head(RocksDbStore& store, const std::string& row);

// Which group of the commit queue wrote a row last, and the hot heads, which a write takes out.
class CommitHistory {
 public:
  explicit CommitHistory(HotHeads& hot) : hot_(hot) {}

  // The last group whose rows are visible. Thread-safe; everything else is the commit thread's.
  std::uint64_t visible() const { return visible_.load(std::memory_order_acquire); }

  std::uint64_t begin_group() { return ++current_; }
  void end_group() { visible_.store(current_, std::memory_order_release); }

  void note(std::string_view row) {
    last_[slot_of(row)] = current_;
    hot_.forget(row, current_);
  }
  // All rows were written, in a way that does not name them.
  void note_all() {
    floor_ = current_;
    hot_.forget_all(current_);
  }

  // Whether what was read when `group` was visible is still what the row holds.
  bool is_current(std::string_view row, std::uint64_t group) const {
    return floor_ <= group && last_[slot_of(row)] <= group;
  }

 private:
  static constexpr std::size_t slots = 1 << 16;
  static std::size_t slot_of(std::string_view row) { return std::hash<std::string_view>{}(row) % slots; }

  HotHeads& hot_;
  std::vector<std::uint64_t> last_ = std::vector<std::uint64_t>(slots);
  std::uint64_t floor_ = 0;
  std::uint64_t current_ = 0;
  std::atomic<std::uint64_t> visible_ = 0;
};

// What was found for the rows of a write.
struct Prefetched {
  std::uint64_t group = 0;                      // that was visible before
  std::vector<std::optional<FoundHead>> heads;  // by row; nothing: look yourself
};

// Few rows are looked up on the caller's loop as long as memory has them; otherwise on a storage thread.
Task<Prefetched> prefetch(RocksDbStore& store, const CommitHistory& history, StoragePool& pool,
                          const std::vector<std::string>& rows);

}  // namespace cubby
