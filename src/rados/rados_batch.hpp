// One guarded write of a shard: what was read before, what many callers change, and the operation that does
// all of it or nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rados/rados_layout.hpp"
#include "rados/rados_pool.hpp"
#include "rados/rados_router.hpp"
#include "rados/rados_rows.hpp"
#include "rados/rados_upload.hpp"
#include "store/engine.hpp"

namespace cubby {

// What is to become of one key; an expiry row: it goes, if that is still when it is due.
using RadosItem = std::variant<Put, Delete, rados_layout::ExpiryRow>;
const std::string& key_of(const RadosItem& item);

// How a change ended that is not done: `moved`, some of its keys are in other shards; `frozen`, some take no
// writes until a split or a merge is finished; `late`, a value has taken longer than `upload_may_take`.
// Nothing of it was written then.
enum class Written : std::uint8_t { done, moved, frozen, late };

// What a caller wants of one shard at a time.
struct ShardChange {
  RadosPlace place;
  ShardId shard{};
  std::vector<RadosItem> items{};
  Timestamp written_at{};
  Version wanted{};       // its version, unless the shard has a later one
  std::size_t bytes = 0;  // that it may add to a batch, about
  std::function<void(Result<Written>)> done{};
  // Said before `done` without an error.
  Version version{};
  std::uint32_t removed = 0;  // by expiry rows
};

class RadosBatch {
 public:
  RadosBatch(ShardId shard, NamespaceId namespace_id, WriterId writer, Timestamp now)
      : shard_{shard, {}, {}, 0},
        namespace_id_(namespace_id),
        own_counter_row_(rados_layout::counter_row(writer)),
        now_(now) {}

  // Before the read: which rows it needs.
  void expect(const ShardChange& change);
  // Adds to `read` all that `take_read` takes.
  void add_to(librados::ObjectReadOperation& read);
  // Errors: storage_corrupt; namespace_not_found, if the shard is being removed.
  Result<void> take_read();

  // Whether the shard may take it. REQUIRES: it was `now` after the read.
  Written fit(const ShardChange& change, Timestamp now) const;

  // The largest version that anybody has given out here.
  Version last_version() const { return last_version_; }
  const FoundShard& shard() const { return shard_; }
  // Whether the writer had written to the shard before.
  bool has_own_counter() const { return counters_.rows().contains(own_counter_row_); }

  // In the order of the calls. REQUIRES: it fits; `change.version` is larger than any before.
  void stage(ShardChange& change);

  // REQUIRES: called once, at the end.
  void add_to(librados::ObjectWriteOperation& write);

  // Keys in the shard before and after it. REQUIRES: added.
  std::int64_t keys_before() const { return all_.keys; }
  std::int64_t keys_after() const { return all_.keys + counter_.keys - read_.keys; }

 private:
  // What the index needs to know of a record.
  struct Stored {
    std::optional<Instant> expiration{};
    std::uint64_t counted = 0;
    std::optional<BodyId> body{};
    std::uint64_t value_bytes = 0;
  };
  struct Slot {
    std::string old_bytes;  // empty: absent
    std::optional<Stored> old;
    std::optional<Stored> now;
    std::string now_bytes;
    bool is_used = false;
    bool is_changed = false;
  };

  static Stored stored(std::string_view key, const HeadView& head);
  Slot& use(const std::string& key);
  void put(Slot& slot, const Put& put, Version version);
  void clear(Slot& slot);
  void drop_body(const Stored& stored);
  void fold(const std::string& row, const rados_layout::ShardCounter& counter);
  void write_slot(const std::string& key, const Slot& slot);

  FoundShard shard_;
  const NamespaceId namespace_id_;
  const std::string own_counter_row_;
  const Timestamp now_;

  // As read.
  std::set<std::string> wanted_;
  ceph::bufferlist header_bytes_;
  CounterRows counters_;
  RadosRows head_rows_;

  rados_layout::ShardCounter all_;   // the sum
  rados_layout::ShardCounter read_;  // the own one, and those that it takes over
  std::map<std::string, Slot> slots_;
  std::set<std::string> folded_;        // rows of counters that the own one takes over
  rados_layout::ShardCounter counter_;  // what becomes of `read_`
  Version last_version_{};

  // To be written.
  std::set<std::string> removed_;
  RadosRows set_;
};

}  // namespace cubby
