// A connection to the cluster, and its operations as coroutines.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <rados/librados.hpp>
#include <shared_mutex>
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
  explicit RadosPool(librados::IoCtx io) : connected_{std::move(io)} {}

  // REQUIRES: what `operation` writes its results to lives until the answer.
  Task<RadosAnswer> read(std::string object, librados::ObjectReadOperation& operation);
  Task<RadosAnswer> write(std::string object, librados::ObjectWriteOperation& operation);
  Task<RadosAnswer> remove(std::string object);

  // The pool on a connection. Its number grows with each new one.
  struct Connected {
    librados::IoCtx io;
    std::uint64_t connection_number = 1;
  };
  Connected connected() const {
    const std::shared_lock lock(mutex_);
    return connected_;
  }
  // For calls that block.
  librados::IoCtx blocking() const { return connected().io; }

  // Whether the cluster has blocked this client, as it does with those that it takes for dead. Nothing is
  // answered then, and nothing lands any more, until there is a new connection.
  bool is_blocked() const;
  // Of what was asked on that connection.
  void note(int code, std::uint64_t connection_number);
  // What is under way still ends on the old connection.
  void move_to(librados::IoCtx io);

 private:
  mutable std::shared_mutex mutex_;
  Connected connected_;
  std::atomic<std::uint64_t> blocked_ = 0;  // the number of the last connection that was
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

  // Connects anew if the cluster has blocked this client; if it does so again and again, once a minute at
  // most. Blocks. For one thread.
  void renew_if_blocked();

 private:
  using Cluster = std::unique_ptr<librados::Rados>;
  RadosConnection(RadosOptions options, Cluster cluster)
      : options_(std::move(options)), cluster_(std::move(cluster)) {}
  Result<librados::IoCtx> open_pool(librados::Rados& cluster, const std::string& name) const;
  const std::string& data_pool() const {
    return options_.data_pool.empty() ? options_.pool : options_.data_pool;
  }

  const RadosOptions options_;
  Cluster cluster_;
  // The one before: nothing is under way on it any more when it is replaced.
  Cluster retired_;
  std::chrono::steady_clock::time_point renewed_at_{};

  std::unique_ptr<RadosPool> index_;
  std::unique_ptr<RadosPool> data_;
};

}  // namespace cubby
