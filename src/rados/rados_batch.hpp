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
#include "rados/rados_upload.hpp"
#include "store/engine.hpp"

namespace cubby {

// What several callers want of one shard at a time.
struct ShardChange {
  NamespaceId namespace_id;
  ShardId shard{};
  std::vector<Mutation> mutations{};
  std::vector<rados_layout::ExpiryRow> due{};  // values to remove, if that is still when they are due
  Timestamp written_at{};
  std::size_t bytes = 0;  // that it may add to a batch, about
  std::function<void(Result<void>)> done{};
  // Said before `done` without an error.
  Version version{};
  std::uint32_t removed = 0;  // of `due`
};

class RadosBatch {
 public:
  RadosBatch(NamespaceId namespace_id, WriterId writer, Timestamp now)
      : namespace_id_(namespace_id), own_counter_row_(rados_layout::counter_row(writer)), now_(now) {}

  // Before the read: which rows it needs.
  void expect(const ShardChange& change);
  // Adds to `read` all that `take_read` takes.
  void add_to(librados::ObjectReadOperation& read);
  // Errors: storage_corrupt; namespace_not_found, if the shard is being removed.
  Result<void> take_read();

  // The largest version that anybody has given out here.
  Version last_version() const { return last_version_; }
  const std::string& epoch() const { return epoch_; }

  // In the order of the calls. REQUIRES: `change.version` is larger than any before.
  void stage(ShardChange& change);

  // REQUIRES: called once, at the end.
  void add_to(librados::ObjectWriteOperation& write);

 private:
  // What the index needs to know of a record.
  struct Stored {
    std::optional<Instant> expiration;
    std::uint64_t counted = 0;
    std::optional<BodyId> body;
    std::uint64_t value_bytes = 0;
  };
  struct Slot {
    std::string old_bytes;  // empty: absent
    std::optional<Stored> old;
    std::optional<Stored> now;
    std::string now_bytes;
    bool is_changed = false;
  };

  static Stored stored(std::string_view key, const HeadView& head);
  void put(Slot& slot, const Put& put, Version version);
  void clear(Slot& slot);
  void drop_body(const Stored& stored);
  void fold(const std::string& row, const rados_layout::ShardCounter& counter);
  void write_slot(const std::string& key, const Slot& slot);

  const NamespaceId namespace_id_;
  const std::string own_counter_row_;
  const Timestamp now_;

  // As read.
  std::set<std::string> wanted_;
  ceph::bufferlist epoch_bytes_;
  std::map<std::string, ceph::bufferlist> counter_rows_;
  std::map<std::string, ceph::bufferlist> head_rows_;
  bool has_more_counters_ = false;

  std::string epoch_;
  std::map<std::string, Slot> slots_;
  std::set<std::string> folded_;  // rows of counters that the own one takes over
  rados_layout::ShardCounter counter_;
  Version last_version_{};

  // To be written.
  std::set<std::string> removed_;
  std::map<std::string, ceph::bufferlist> set_;
};

}  // namespace cubby
