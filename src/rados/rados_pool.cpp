#include "rados/rados_pool.hpp"

#include <algorithm>
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
  Connected connected = this->connected();
  auto begin = [&](librados::AioCompletion* completion) {
    return connected.io.aio_operate(object, completion, &operation, nullptr);
  };
  const RadosAnswer answer = co_await answer_of(std::move(begin));
  note(answer.code, connected.connection_number);
  co_return answer;
}

Task<RadosAnswer> RadosPool::write(std::string object, librados::ObjectWriteOperation& operation) {
  Connected connected = this->connected();
  auto begin = [&](librados::AioCompletion* completion) {
    return connected.io.aio_operate(object, completion, &operation);
  };
  const RadosAnswer answer = co_await answer_of(std::move(begin));
  note(answer.code, connected.connection_number);
  co_return answer;
}

Task<RadosAnswer> RadosPool::remove(std::string object) {
  Connected connected = this->connected();
  auto begin = [&](librados::AioCompletion* completion) {
    return connected.io.aio_remove(object, completion);
  };
  const RadosAnswer answer = co_await answer_of(std::move(begin));
  note(answer.code, connected.connection_number);
  co_return answer;
}

void RadosPool::move_to(librados::IoCtx io) {
  const std::scoped_lock lock(mutex_);
  connected_ = {std::move(io), connected_.connection_number + 1};
}

bool RadosPool::is_blocked() const {
  return blocked_ == connected().connection_number;
}

void RadosPool::note(int code, std::uint64_t connection_number) {
  if (code == -ESHUTDOWN) blocked_ = connection_number;
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

Result<librados::IoCtx> RadosConnection::open_pool(librados::Rados& cluster, const std::string& name) const {
  librados::IoCtx io;
  if (const int code = cluster.ioctx_create(name.c_str(), io); code < 0)
    return rados_error(code, "the pool " + name + " cannot be opened");
  io.set_namespace(options_.rados_namespace);
  // A pool that is full says so, and still takes removals and small writes such as the upkeep's leases:
  // without this librados waits until it is not, and nothing would ever make room.
  io.set_pool_full_try();
  return io;
}

Result<std::unique_ptr<RadosConnection>> RadosConnection::open(const RadosOptions& options) {
  auto cluster = connect_to_cluster(options.conf_file);
  if (!cluster) return cluster.error();
  std::unique_ptr<RadosConnection> connection(new RadosConnection(options, std::move(*cluster)));
  auto index = connection->open_pool(*connection->cluster_, options.pool);
  if (!index) return index.error();
  auto data = connection->open_pool(*connection->cluster_, connection->data_pool());
  if (!data) return data.error();
  connection->index_ = std::make_unique<RadosPool>(std::move(*index));
  connection->data_ = std::make_unique<RadosPool>(std::move(*data));
  return connection;
}

void RadosConnection::renew_if_blocked() {
  if (!index_->is_blocked() && !data_->is_blocked()) return;
  // By then what was under way on the one before has ended.
  std::string op_timeout;
  cluster_->conf_get("rados_osd_op_timeout", op_timeout);
  const auto apart =
      std::max(std::chrono::seconds(60), 2 * std::chrono::seconds(std::atoi(op_timeout.c_str())));
  const auto now = std::chrono::steady_clock::now();
  if (retired_ && now - renewed_at_ < apart) return;
  auto cluster = connect_to_cluster(options_.conf_file);
  if (!cluster) return;
  auto index = open_pool(**cluster, options_.pool);
  auto data = open_pool(**cluster, data_pool());
  if (!index || !data) return;
  index_->move_to(std::move(*index));
  data_->move_to(std::move(*data));
  retired_ = std::exchange(cluster_, std::move(*cluster));
  renewed_at_ = now;
}

RadosConnection::~RadosConnection() {
  index_.reset();
  data_.reset();
  if (retired_) retired_->shutdown();
  cluster_->shutdown();
}

}  // namespace cubby
