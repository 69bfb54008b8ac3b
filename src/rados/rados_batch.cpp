#include "rados/rados_batch.hpp"

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

const std::string& key_of(const RadosItem& item) {
  if (const auto* const put = std::get_if<Put>(&item)) return put->key.text();
  if (const auto* const removed = std::get_if<Delete>(&item)) return removed->key.text();
  return std::get<ExpiryRow>(item).key;
}

void RadosBatch::expect(const ShardChange& change) {
  for (const RadosItem& item : change.items) wanted_.insert(head_row(key_of(item)));
}

void RadosBatch::add_to(librados::ObjectReadOperation& read) {
  read.getxattr(header_attribute, &header_bytes_, nullptr);
  counters_.add_to(read);
  read.omap_get_vals_by_keys(wanted_, &head_rows_, nullptr);
}

RadosBatch::Stored RadosBatch::stored(std::string_view key, const HeadView& head) {
  Stored stored{head.expiration, counted_of(key, head), {}, head.value_bytes};
  if (const auto* const body = std::get_if<BodyRef>(&head.body)) stored.body = body->id;
  return stored;
}

Result<void> RadosBatch::take_read() {
  shard_.header_bytes = header_bytes_.to_str();
  auto header = decode_shard_header(shard_.header_bytes, shard_.id);
  if (!header) return header.error();
  shard_.header = std::move(*header);
  if (shard_.header.state == ShardState::removed) return fail(Errc::namespace_not_found);
  const auto all = counters_.sum();
  if (!all) return all.error();
  all_ = *all;
  last_version_ = all_.version;
  for (const auto& [row, bytes] : counters_.rows()) {
    const auto counter = decode_counter(bytes.to_str(), row);
    if (!counter) return counter.error();
    if (row == own_counter_row_) {
      read_.keys += counter->keys;
      read_.bytes += counter->bytes;
    } else if (counters_.rows().size() > counters_kept &&
               time_of(counter->version) < now_ - counter_is_kept_for) {
      fold(row, *counter);
    }
  }
  counter_ = read_;
  for (const auto& [row, bytes] : head_rows_) {
    const std::string key = row.substr(head_kind.size());
    // What lies above the bound is not its own.
    if (!shard_.header.contains(key)) continue;
    Slot& slot = slots_[key];
    slot.old_bytes = bytes.to_str();
    const auto head = decode_head(slot.old_bytes, head_place(namespace_id_, key));
    // One that is damaged may be overwritten and deleted, and does not keep the others of the batch.
    slot.old = slot.now = head ? stored(key, *head) : Stored{.counted = counted_of_damaged(key)};
  }
  return {};
}

Written RadosBatch::fit(const ShardChange& change, Timestamp now) const {
  const ShardHeader& header = shard_.header;
  auto fit = Written::done;
  for (const RadosItem& item : change.items) {
    const auto* const put = std::get_if<Put>(&item);
    if (put && static_cast<const RadosUpload&>(*put->value).is_late(now)) return Written::late;
    const std::string& key = key_of(item);
    if (header.state == ShardState::forming || !header.contains(key)) return Written::moved;
    if (!header.takes_writes(key)) fit = Written::frozen;
  }
  return fit;
}

// Should its writer be alive after all, it finds its own counter changed and begins again.
void RadosBatch::fold(const std::string& row, const ShardCounter& counter) {
  read_.keys += counter.keys;
  read_.bytes += counter.bytes;
  folded_.insert(row);
}

RadosBatch::Slot& RadosBatch::use(const std::string& key) {
  Slot& slot = slots_[key];
  slot.is_used = true;
  return slot;
}

void RadosBatch::stage(ShardChange& change) {
  change.removed = 0;
  for (const RadosItem& item : change.items) {
    Slot& slot = use(key_of(item));
    if (const auto* const written = std::get_if<Put>(&item)) {
      put(slot, *written, change.version);
      continue;
    }
    const auto* const due = std::get_if<ExpiryRow>(&item);
    if (!due) {
      clear(slot);
    } else if (slot.now && slot.now->expiration == due->due) {
      clear(slot);
      ++change.removed;
    } else {
      removed_.insert(expiry_row(due->due, due->key));
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
  ++counter_.keys;
  counter_.bytes += static_cast<std::int64_t>(slot.now->counted);
}

// The guards come first: the header, then every record that was read, then the own counter, which also keeps
// an older write of this process from landing after this one.
void RadosBatch::add_to(librados::ObjectWriteOperation& write) {
  RadosRows counters = counters_.rows();
  std::map<std::string, std::pair<ceph::bufferlist, int>> as_read;
  for (const auto& [key, slot] : slots_) {
    if (!slot.is_used) continue;
    write_slot(key, slot);
    as_read[head_row(key)] = {to_buffer(slot.old_bytes), LIBRADOS_CMPXATTR_OP_EQ};
  }
  for (const std::string& row : folded_) {
    as_read[row] = {counters[row], LIBRADOS_CMPXATTR_OP_EQ};
    removed_.insert(row);
  }
  as_read[own_counter_row_] = {counters[own_counter_row_], LIBRADOS_CMPXATTR_OP_EQ};
  set_[own_counter_row_] = to_buffer(encode_counter(counter_, own_counter_row_));
  write.cmpxattr(header_attribute, LIBRADOS_CMPXATTR_OP_EQ, header_bytes_);
  write.omap_cmp(as_read, nullptr);
  // In this order, or a row that is replaced would be removed.
  if (!removed_.empty()) write.omap_rm_keys(removed_);
  write.omap_set(set_);
}

}  // namespace cubby
