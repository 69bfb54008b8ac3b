#include "rados/rados_batch.hpp"

#include <algorithm>

#include "store/ordering.hpp"

namespace cubby {

using namespace rados_layout;

namespace {

// Longer than any answer takes: readers of other processes are not known here.
constexpr std::chrono::hours garbage_is_kept_for{1};

// A shard keeps the counters of so many writers; beyond, those go that have not written for so long.
constexpr std::size_t counters_kept = 64;
constexpr std::chrono::hours counter_is_kept_for{1};

Timestamp time_of(Version version) {
  return Timestamp(std::chrono::milliseconds(static_cast<std::uint64_t>(version) >> 16));
}

}  // namespace

void RadosBatch::expect(const ShardChange& change) {
  for (const Mutation& mutation : change.mutations) {
    const Key& key = std::visit([](const auto& each) -> const Key& { return each.key; }, mutation);
    wanted_.insert(head_row(key.text()));
  }
  for (const ExpiryRow& each : change.due) wanted_.insert(head_row(each.key));
}

void RadosBatch::add_to(librados::ObjectReadOperation& read) {
  read.getxattr(epoch_attribute, &epoch_bytes_, nullptr);
  read.omap_get_vals2("", std::string(counter_kind), 1000, &counter_rows_, &has_more_counters_, nullptr);
  read.omap_get_vals_by_keys(wanted_, &head_rows_, nullptr);
}

RadosBatch::Stored RadosBatch::stored(std::string_view key, const HeadView& head) {
  Stored stored{head.expiration, key.size() + head.value_bytes, {}, head.value_bytes};
  if (head.metadata) stored.counted += head.metadata->size();
  if (const auto* const body = std::get_if<BodyRef>(&head.body)) stored.body = body->id;
  return stored;
}

Result<void> RadosBatch::take_read() {
  epoch_ = epoch_bytes_.to_str();
  if (epoch_ == removed_epoch) return fail(Errc::namespace_not_found);
  if (has_more_counters_) return fail(Errc::storage_failed, "a shard has more than 1000 writers' counters");
  for (const auto& [row, bytes] : counter_rows_) {
    const auto counter = decode_counter(bytes.to_str(), row);
    if (!counter) return counter.error();
    last_version_ = std::max(last_version_, counter->version);
    if (row == own_counter_row_) {
      counter_.keys += counter->keys;
      counter_.bytes += counter->bytes;
    } else if (counter_rows_.size() > counters_kept &&
               time_of(counter->version) < now_ - counter_is_kept_for) {
      fold(row, *counter);
    }
  }
  for (const std::string& row : wanted_) {
    const std::string key = row.substr(head_kind.size());
    Slot& slot = slots_[key];
    const auto found = head_rows_.find(row);
    if (found == head_rows_.end()) continue;
    slot.old_bytes = found->second.to_str();
    const auto head = decode_head(slot.old_bytes, head_place(namespace_id_, key));
    if (!head) return head.error();
    slot.old = slot.now = stored(key, *head);
  }
  return {};
}

// Should its writer be alive after all, it finds its own counter changed and begins again.
void RadosBatch::fold(const std::string& row, const ShardCounter& counter) {
  counter_.keys += counter.keys;
  counter_.bytes += counter.bytes;
  folded_.insert(row);
}

void RadosBatch::stage(ShardChange& change) {
  for (const Mutation& mutation : change.mutations) {
    if (const auto* const each = std::get_if<Put>(&mutation)) {
      put(slots_.at(each->key.text()), *each, change.version);
    } else {
      clear(slots_.at(std::get<Delete>(mutation).key.text()));
    }
  }
  change.removed = 0;
  for (const ExpiryRow& each : change.due) {
    Slot& slot = slots_.at(each.key);
    if (slot.now && slot.now->expiration == each.due) {
      clear(slot);
      ++change.removed;
    } else {
      removed_.insert(expiry_row(each.due, each.key));
    }
  }
  counter_.version = last_version_ = change.version;
}

void RadosBatch::put(Slot& slot, const Put& put, Version version) {
  clear(slot);
  const auto& upload = static_cast<const RadosUpload&>(*put.value);
  HeadView head{version, put.expiration, {}, upload.bytes_count(), upload.body()};
  if (put.metadata) head.metadata = put.metadata->text();
  slot.now = stored(put.key.text(), head);
  slot.now_bytes = encode_head(head, head_place(namespace_id_, put.key.text()));
}

void RadosBatch::clear(Slot& slot) {
  // A body of this batch that no head of it names in the end is garbage like any other.
  if (slot.now) drop_body(*slot.now);
  slot.now.reset();
  slot.now_bytes.clear();
  slot.is_changed = true;
}

void RadosBatch::drop_body(const Stored& stored) {
  if (!stored.body) return;
  removed_.insert(body_row(*stored.body));
  set_[garbage_row(now_ + garbage_is_kept_for, *stored.body)] = to_buffer(number_bytes(stored.value_bytes));
}

void RadosBatch::write_slot(const std::string& key, const Slot& slot) {
  if (!slot.is_changed) return;
  if (slot.old) {
    removed_.insert(head_row(key));
    if (slot.old->expiration) removed_.insert(expiry_row(*slot.old->expiration, key));
    --counter_.keys;
    counter_.bytes -= static_cast<std::int64_t>(slot.old->counted);
  }
  if (!slot.now) return;
  set_[head_row(key)] = to_buffer(slot.now_bytes);
  if (slot.now->expiration)
    set_[expiry_row(*slot.now->expiration, key)] = to_buffer(number_bytes(slot.now->counted));
  if (slot.now->body) set_[body_row(*slot.now->body)] = to_buffer(number_bytes(slot.now->value_bytes));
  ++counter_.keys;
  counter_.bytes += static_cast<std::int64_t>(slot.now->counted);
}

// The guards come first: the epoch, then every record that was read, then the own counter, which also keeps
// an older write of this process from landing after this one.
void RadosBatch::add_to(librados::ObjectWriteOperation& write) {
  for (const auto& [key, slot] : slots_) write_slot(key, slot);
  std::map<std::string, std::pair<ceph::bufferlist, int>> as_read;
  for (const auto& [key, slot] : slots_)
    as_read[head_row(key)] = {to_buffer(slot.old_bytes), LIBRADOS_CMPXATTR_OP_EQ};
  for (const std::string& row : folded_) {
    as_read[row] = {counter_rows_[row], LIBRADOS_CMPXATTR_OP_EQ};
    removed_.insert(row);
  }
  as_read[own_counter_row_] = {counter_rows_[own_counter_row_], LIBRADOS_CMPXATTR_OP_EQ};
  set_[own_counter_row_] = to_buffer(encode_counter(counter_, own_counter_row_));
  write.cmpxattr(epoch_attribute, LIBRADOS_CMPXATTR_OP_EQ, epoch_bytes_);
  write.omap_cmp(as_read, nullptr);
  // In this order, or a row that is replaced would be removed.
  if (!removed_.empty()) write.omap_rm_keys(removed_);
  write.omap_set(set_);
}

}  // namespace cubby
