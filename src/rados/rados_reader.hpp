// Reads of an index: single records and pages.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "rados/rados_router.hpp"
#include "rados/rados_rows.hpp"
#include "rados/rados_upload.hpp"
#include "store/engine.hpp"

namespace cubby {

// Thread-safe. Each answers namespace_not_found when the index is being removed, or is no more.
class RadosReader {
 public:
  RadosReader(RadosRouter& router, RadosPool& data) : router_(router), data_(data) {}

  Task<Result<std::optional<StoredValue>>> get(RadosPlace place, Key key, Instant now);
  Task<Result<std::optional<Head>>> head(RadosPlace place, Key key, Instant now);

  // Goes from shard to shard; the cost of a page does not depend on how many there are.
  Task<Result<ScanSlice>> scan(RadosPlace place, ScanRequest request);

 private:
  struct Record {
    std::string bytes;
    HeadView view;  // of `bytes`
  };
  struct Scan;

  Task<Result<std::shared_ptr<const Record>>> find(RadosPlace place, std::string key, Instant now);
  Task<Result<void>> read_page(RadosPlace place, Scan& scan);

  RadosRouter& router_;
  RadosPool& data_;
};

}  // namespace cubby
