#include "rados/rados_pool.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/resume.hpp"

namespace cubby {
namespace {

struct Pending {
  std::function<void(RadosAnswer)> resume;
  librados::AioCompletion* completion = nullptr;
};

// Runs on a thread of librados, which must not wait for anything.
void complete(rados_completion_t, void* argument) {
  const std::unique_ptr<Pending> pending(static_cast<Pending*>(argument));
  const RadosAnswer answer{pending->completion->get_return_value(), pending->completion->get_version64()};
  pending->completion->release();
  pending->resume(answer);
}

// `begin` starts the operation with a completion.
template <class Begin>
Task<RadosAnswer> answer_of(Begin begin) {
  auto start = [&begin](std::function<void(RadosAnswer)> resume) {
    auto* const pending = new Pending{std::move(resume)};
    pending->completion = librados::Rados::aio_create_completion(pending, complete);
    const int code = begin(pending->completion);
    if (code >= 0) return;
    const std::unique_ptr<Pending> refused(pending);
    refused->completion->release();
    refused->resume({code, 0});
  };
  co_return co_await resume_later<RadosAnswer>(std::move(start));
}

// In seconds. What the configuration file says stands, unless it is for ever, or librados' own five minutes.
void bound_waits(librados::Rados& cluster) {
  for (const char* each : {"rados_osd_op_timeout", "rados_mon_op_timeout", "client_mount_timeout"}) {
    std::string seconds;
    cluster.conf_get(each, seconds);
    const int given = std::atoi(seconds.c_str());
    if (given == 0 || given == 300) cluster.conf_set(each, "10");
  }
}

bool is_outage(int code) {
  return code == -ETIMEDOUT || code == -ENOTCONN || code == -ESHUTDOWN || code == -EHOSTUNREACH ||
         code == -ECONNREFUSED;
}

}  // namespace

Error rados_error(int code, std::string_view what) {
  const std::string text = std::string(what) + ": " + std::strerror(-code);
  if (code == -ENOSPC || code == -EDQUOT) return fail(Errc::storage_full, text);
  return fail(is_outage(code) ? Errc::storage_unavailable : Errc::storage_failed, text);
}

Task<RadosAnswer> RadosPool::read(std::string object, librados::ObjectReadOperation& operation) {
  auto begin = [&](librados::AioCompletion* completion) {
    return io_.aio_operate(object, completion, &operation, nullptr);
  };
  co_return co_await answer_of(std::move(begin));
}

Task<RadosAnswer> RadosPool::write(std::string object, librados::ObjectWriteOperation& operation) {
  // A pool that is full says so: without this flag librados waits until it is not.
  auto begin = [&](librados::AioCompletion* completion) {
    return io_.aio_operate(object, completion, &operation, LIBRADOS_OPERATION_FULL_TRY);
  };
  co_return co_await answer_of(std::move(begin));
}

Task<RadosAnswer> RadosPool::remove(std::string object) {
  auto begin = [&](librados::AioCompletion* completion) { return io_.aio_remove(object, completion); };
  co_return co_await answer_of(std::move(begin));
}

Result<std::unique_ptr<RadosPool>> RadosConnection::open_pool(const std::string& name,
                                                              const RadosOptions& options) {
  librados::IoCtx io;
  if (const int code = cluster_->ioctx_create(name.c_str(), io); code < 0) {
    return rados_error(code, "the pool " + name + " cannot be opened");
  }
  io.set_namespace(options.rados_namespace);
  return std::make_unique<RadosPool>(std::move(io));
}

Result<std::unique_ptr<librados::Rados>> connect_to_cluster(const std::string& conf_file) {
  auto cluster = std::make_unique<librados::Rados>();
  if (const int code = cluster->init2("client.admin", "ceph", 0); code < 0)
    return rados_error(code, "librados does not start");
  if (const int code = cluster->conf_read_file(conf_file.c_str()); code < 0)
    return rados_error(code, conf_file + " cannot be read");
  bound_waits(*cluster);
  if (const int code = cluster->connect(); code < 0)
    return rados_error(code, "the cluster of " + conf_file + " does not answer");
  return cluster;
}

Result<std::unique_ptr<RadosConnection>> RadosConnection::open(const RadosOptions& options) {
  auto cluster = connect_to_cluster(options.conf_file);
  if (!cluster) return cluster.error();
  std::unique_ptr<RadosConnection> connection(new RadosConnection(std::move(*cluster)));
  auto index = connection->open_pool(options.pool, options);
  if (!index) return index.error();
  auto data = connection->open_pool(options.data_pool.empty() ? options.pool : options.data_pool, options);
  if (!data) return data.error();
  connection->index_ = std::move(*index);
  connection->data_ = std::move(*data);
  return connection;
}

RadosConnection::~RadosConnection() {
  index_.reset();
  data_.reset();
  cluster_->shutdown();
}

}  // namespace cubby
