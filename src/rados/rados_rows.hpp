// Rows of a shard that several parts read and write.
#pragma once

#include <map>
#include <string>

#include "rados/rados_layout.hpp"
#include "rados/rados_pool.hpp"

namespace cubby {

using RadosRows = std::map<std::string, ceph::bufferlist>;

// The counter that a shard is born with.
inline const std::string base_counter_row = rados_layout::counter_row(WriterId{0});

// All counters of a shard.
class CounterRows {
 public:
  // Forgets what was read before.
  void add_to(librados::ObjectReadOperation& read);

  // Keys and bytes, and the largest version. Errors: storage_corrupt; storage_failed, if there are more than
  // can be.
  Result<rados_layout::ShardCounter> sum() const;
  // The largest version, of those that are not damaged.
  Version last_version() const;
  const RadosRows& rows() const { return rows_; }

 private:
  RadosRows rows_;
  bool has_more_ = false;
};

// What a key adds to the counters.
std::uint64_t counted_of(std::string_view key, const HeadView& head);

// The same of one whose head is damaged: what is known of it.
std::uint64_t counted_of_damaged(std::string_view key);

// `heads` and the rows of the expiry index that belong to them; adds them all to `sum`, with the largest
// version. A head that is damaged is taken as it is: it must not keep its neighbours from moving.
RadosRows with_expiry_rows(NamespaceId namespace_id, const RadosRows& heads, rados_layout::ShardCounter& sum);

}  // namespace cubby
