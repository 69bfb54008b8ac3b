// A connection to the cluster, and its operations as coroutines.
#pragma once

#include <memory>
#include <rados/librados.hpp>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/task.hpp"
#include "rados/rados_engine.hpp"

namespace cubby {

// What an operation came to: a negative errno, and the version that the object then had.
struct RadosAnswer {
  int code = 0;
  std::uint64_t object_version = 0;
};

inline ceph::bufferlist to_buffer(std::string_view bytes) {
  ceph::bufferlist buffer;
  buffer.append(bytes.data(), static_cast<unsigned>(bytes.size()));
  return buffer;
}

// What a failed operation means for the caller. `what` was being done.
Error rados_error(int code, std::string_view what);

// One pool, with the store's RADOS namespace. Thread-safe.
class RadosPool {
 public:
  explicit RadosPool(librados::IoCtx io) : io_(std::move(io)) {}

  // REQUIRES: what `operation` writes its results to lives until the answer.
  Task<RadosAnswer> read(std::string object, librados::ObjectReadOperation& operation);
  Task<RadosAnswer> write(std::string object, librados::ObjectWriteOperation& operation);
  Task<RadosAnswer> remove(std::string object);

  // For calls that block.
  librados::IoCtx& blocking() { return io_; }

 private:
  librados::IoCtx io_;
};

// The time-outs of librados are all set: without them a call may wait for ever. Errors: see
// open_rados_engine.
Result<std::unique_ptr<librados::Rados>> connect_to_cluster(const std::string& conf_file);

class RadosConnection {
 public:
  // Errors: see open_rados_engine.
  static Result<std::unique_ptr<RadosConnection>> open(const RadosOptions& options);
  ~RadosConnection();

  RadosConnection(const RadosConnection&) = delete;
  RadosConnection& operator=(const RadosConnection&) = delete;

  RadosPool& index() { return *index_; }
  RadosPool& data() { return *data_; }

 private:
  explicit RadosConnection(std::unique_ptr<librados::Rados> cluster) : cluster_(std::move(cluster)) {}
  Result<std::unique_ptr<RadosPool>> open_pool(const std::string& name, const RadosOptions& options);

  std::unique_ptr<librados::Rados> cluster_;
  std::unique_ptr<RadosPool> index_;
  std::unique_ptr<RadosPool> data_;
};

}  // namespace cubby
