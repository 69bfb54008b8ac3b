// Reads of one shard: single records, pages, sums.
#pragma once

#include <optional>
#include <string>

#include "rados/rados_layout.hpp"
#include "rados/rados_pool.hpp"
#include "rados/rados_upload.hpp"
#include "store/engine.hpp"

namespace cubby {

// A namespace and where it is.
struct RadosPlace {
  NamespaceId namespace_id;
  ShardId shard{};
};

// Thread-safe. Each answers namespace_not_found when the shard is being removed, or is no more.
class RadosReader {
 public:
  RadosReader(RadosPool& index, RadosPool& data) : index_(index), data_(data) {}

  Task<Result<std::optional<StoredValue>>> get(RadosPlace place, Key key, Instant now);
  Task<Result<std::optional<Head>>> head(RadosPlace place, Key key, Instant now);
  Task<Result<ScanSlice>> scan(RadosPlace place, ScanRequest request);
  Task<Result<Usage>> usage(RadosPlace place, Instant now);

  // Counts the heads and sets the counters right. Errors: storage_unavailable, if others write all the time.
  Task<Result<Usage>> recount(RadosPlace place, Instant now);

  // The earliest rows of the expiry index that are due, at most `rows_max` and one more.
  Task<Result<std::vector<rados_layout::ExpiryRow>>> due(RadosPlace place, Instant now,
                                                         std::uint32_t rows_max);

 private:
  struct Record {
    std::string bytes;
    HeadView view;  // of `bytes`
  };
  using Rows = std::map<std::string, ceph::bufferlist>;
  struct Page {
    Rows rows;
    Rows counters;
    bool has_more = false;
    std::uint64_t object_version = 0;
  };
  struct Counted {
    Usage all;
    Usage live;
  };

  Task<Result<std::shared_ptr<const Record>>> find(RadosPlace place, std::string key, Instant now);
  Task<Result<Page>> page(ShardId shard, std::string after, std::string prefix, std::uint64_t rows_max);
  Task<Result<std::optional<Counted>>> count(RadosPlace place, Instant now, Page each);
  static Result<rados_layout::ShardCounter> sum(const Rows& counters);
  static Result<void> take_row(const ScanRequest& request, const std::string& key,
                               const ceph::bufferlist& bytes, ScanSlice& slice);

  RadosPool& index_;
  RadosPool& data_;
};

}  // namespace cubby
