// What the RADOS engine costs without HTTP, beside single operations of librados on the same cluster in the
// same run: 64 in flight over 16 index objects, records of 288 bytes.
//
//   bench_rados CEPH.CONF POOL
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "rados/rados_engine.hpp"
#include "rados/rados_pool.hpp"

namespace {

using namespace cubby;
using Stopwatch = std::chrono::steady_clock;

constexpr std::size_t in_flight = 64;
constexpr std::size_t shards = 16;
constexpr std::size_t keys_per_task = 250;
constexpr Timestamp written_at{std::chrono::seconds(1'800'000'000)};
constexpr Instant now{std::chrono::seconds(1'800'000'000)};
const std::string value(288, 'v');

Key key_of(std::size_t task, std::size_t number) {
  return Key::parse("key" + std::to_string(1000 + task) + "." + std::to_string(10'000 + number)).value();
}

void must(bool is_true) {
  if (!is_true) std::abort();
}

// Operations a second of all tasks together, each of which does `keys_per_task`.
double rate_of(const std::function<Task<void>(std::size_t task)>& work) {
  boost::asio::io_context loop;
  const auto begin = Stopwatch::now();
  for (std::size_t task = 0; task < in_flight; ++task) {
    spawn(loop, work(task), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.run();
  const std::chrono::duration<double> took = Stopwatch::now() - begin;
  return static_cast<double>(in_flight * keys_per_task) / took.count();
}

Task<void> put(Engine& engine, NamespaceId id, std::size_t task) {
  for (std::size_t i = 0; i < keys_per_task; ++i) {
    auto upload = engine.begin_upload(id);
    must((co_await upload->append(value)).has_value());
    must((co_await upload->finish()).has_value());
    std::vector<Mutation> mutations;
    mutations.emplace_back(Put{key_of(task, i), std::move(upload), {}, {}});
    must((co_await engine.apply(id, std::move(mutations), written_at)).has_value());
  }
}

Task<void> get(Engine& engine, NamespaceId id, std::size_t task) {
  for (std::size_t i = 0; i < keys_per_task; ++i) {
    const auto found = co_await engine.get(id, key_of(task, i), now);
    must(found && *found);
  }
}

Task<void> bare_put(RadosPool& pool, std::string object, std::size_t task) {
  for (std::size_t i = 0; i < keys_per_task; ++i) {
    librados::ObjectWriteOperation write;
    write.omap_set({{key_of(task, i).text(), to_buffer(value)}});
    must((co_await pool.write(object, write)).code >= 0);
  }
}

Task<void> bare_get(RadosPool& pool, std::string object, std::size_t task) {
  for (std::size_t i = 0; i < keys_per_task; ++i) {
    librados::ObjectReadOperation read;
    std::map<std::string, ceph::bufferlist> rows;
    read.omap_get_vals_by_keys({key_of(task, i).text()}, &rows, nullptr);
    must((co_await pool.read(object, read)).code >= 0 && !rows.empty());
  }
}

void report(const char* name, double ours, double bare) {
  std::printf("%-4s %8.0f/s   bare librados %8.0f/s   x %.2f\n", name, ours, bare, ours / bare);
  std::fflush(stdout);
}

template <class T>
T run_alone(Task<T> task) {
  boost::asio::io_context loop;
  std::optional<T> result;
  const auto keep = [](Task<T> inner, std::optional<T>& kept) -> Task<void> {
    kept.emplace(co_await std::move(inner));
  };
  spawn(loop, keep(std::move(task), result), [](std::exception_ptr) {});
  loop.run();
  return *std::move(result);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: bench_rados CEPH.CONF POOL\n"), 2;
  const RadosOptions options{
      argv[1], argv[2], {}, "bench-" + std::to_string(Stopwatch::now().time_since_epoch().count())};
  const auto engine = open_rados_engine(options).value();
  const auto connection = RadosConnection::open(options).value();
  std::vector<NamespaceId> ids;
  for (std::size_t i = 0; i < shards; ++i) {
    ids.push_back(NamespaceId::random());
    const auto title = Title::parse("bench " + std::to_string(i)).value();
    run_alone(engine->create_namespace({ids.back(), AccountId::random(), title})).value();
  }
  RadosPool& pool = connection->index();
  const auto object = [](std::size_t task) { return "bare." + std::to_string(task % shards); };
  for (int round = 0; round < 3; ++round) {
    const double bare = rate_of([&](std::size_t task) { return bare_put(pool, object(task), task); });
    report("put", rate_of([&](std::size_t task) { return put(*engine, ids[task % shards], task); }), bare);
  }
  for (int round = 0; round < 3; ++round) {
    const double bare = rate_of([&](std::size_t task) { return bare_get(pool, object(task), task); });
    report("get", rate_of([&](std::size_t task) { return get(*engine, ids[task % shards], task); }), bare);
  }
  return 0;
}
