// What a shard says about itself. A shard holds the keys of a range, in one RADOS object; its header is in an
// attribute of that object, is read in the same operation as the rows, and is the only authority on where
// keys are: the map of an index, and what processes remember, are hints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rados/rados_layout.hpp"

namespace cubby {

// In RADOS: never change a number.
enum class ShardState : std::uint8_t {
  forming = 0,    // half of a split, still being filled; nobody is sent here
  serving = 1,    // and has no rows outside its range
  splitting = 2,  // keys above `bound` take no writes and are on their way to `other`
  trimming = 3,   // what lies above `high` is not its own any more; `bound` is where it ended before
  merging = 4,    // takes in `other`, its neighbour on the right; takes no writes
  leaving = 5,    // is taken in by `other`; takes no writes
  merged =
      6,  // has taken in `other`, which is still there; takes no writes; `bound` is where it ended before
  removed = 7,  // with its namespace
};

struct ShardHeader {
  IndexId index{};
  ShardState state = ShardState::serving;
  // Keys with low < key <= high, as bytes.
  std::string low;
  std::string high;
  ShardId next{};  // what holds the keys above `high`; none: nothing follows
  std::string bound;
  ShardId other{};
  std::uint64_t attempt = 0;  // names one merge, on both sides
  Timestamp changed_at;       // when its range was last another one
  std::uint64_t nonce = 0;    // another one at each change of the header, so that no two are alike

  bool contains(std::string_view key) const { return low < key && key <= high; }
  // Whether a key of its range may be written now.
  bool takes_writes(std::string_view key) const;

  bool operator==(const ShardHeader&) const = default;
};

// Above all keys, for these are UTF-8: the end of the last shard.
inline const std::string last_bound = "\xFF";

std::string encode_shard_header(const ShardHeader& header, ShardId shard);
Result<ShardHeader> decode_shard_header(std::string_view bytes, ShardId shard);

// A place in the order of keys: that of a key, or right behind it.
struct KeyPosition {
  std::string text;
  bool is_behind = false;

  bool is_in(const ShardHeader& header) const {
    return is_behind ? header.low <= text && text < header.high : header.contains(text);
  }
  // Whether it lies to the right of all that ends at `bound`.
  bool is_beyond(std::string_view bound) const { return is_behind ? text >= bound : text > bound; }
};

}  // namespace cubby
