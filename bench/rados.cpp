// What the RADOS engine costs without HTTP, beside single operations of librados on the same cluster in the
// same run: 64 in flight over 16 index objects, records of 288 bytes; and what listing costs in few and many
// shards.
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
constexpr std::size_t namespaces = 16;
constexpr int rounds = 3;
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

void run_tasks(const std::function<Task<void>(std::size_t task)>& work) {
  boost::asio::io_context loop;
  for (std::size_t task = 0; task < in_flight; ++task) {
    spawn(loop, work(task), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.run();
}

// Operations a second of all tasks together, each of which does `keys_per_task`.
double rate_of(const std::function<Task<void>(std::size_t task)>& work) {
  const auto begin = Stopwatch::now();
  run_tasks(work);
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
  std::printf("%-10s %8.0f/s   bare librados %8.0f/s   x %.2f\n", name, ours, bare, ours / bare);
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

using Engines = std::vector<std::unique_ptr<Engine>>;

// Of 16 namespaces, beside bare operations on 16 objects. Three engines stand for three processes: they share
// nothing but the cluster.
void measure_single_keys(const RadosOptions& options) {
  Engines engines;
  for (int i = 0; i < 3; ++i) engines.push_back(open_rados_engine(options).value());
  const auto connection = RadosConnection::open(options).value();
  std::vector<NamespaceId> ids;
  for (std::size_t i = 0; i < namespaces; ++i) {
    ids.push_back(NamespaceId::random());
    const auto title = Title::parse("bench " + std::to_string(i)).value();
    run_alone(engines[0]->create_namespace({ids.back(), AccountId::random(), title})).value();
  }
  RadosPool& pool = connection->index();
  const auto object = [](std::size_t task) { return "bare." + std::to_string(task % namespaces); };
  const auto id = [&](std::size_t task) { return ids[task % namespaces]; };
  for (int round = 0; round < rounds; ++round) {
    const double bare = rate_of([&](std::size_t task) { return bare_put(pool, object(task), task); });
    report("put", rate_of([&](std::size_t task) { return put(*engines[0], id(task), task); }), bare);
    report("put, three", rate_of([&](std::size_t task) { return put(*engines[task % 3], id(task), task); }),
           bare);
  }
  for (int round = 0; round < rounds; ++round) {
    const double bare = rate_of([&](std::size_t task) { return bare_get(pool, object(task), task); });
    report("get", rate_of([&](std::size_t task) { return get(*engines[0], id(task), task); }), bare);
    report("get, three", rate_of([&](std::size_t task) { return get(*engines[task % 3], id(task), task); }),
           bare);
  }
}

// ---- Listing

struct Listed {
  std::size_t shards = 0;
  std::unique_ptr<Engine> engine;
  NamespaceId id;
};

constexpr std::size_t listed_keys = 200'000;

Task<void> fill(Engine& engine, NamespaceId id, std::size_t task) {
  constexpr std::size_t keys = listed_keys / in_flight;
  for (std::size_t i = 0; i < keys;) {
    std::vector<Mutation> mutations;
    for (; i < keys && mutations.size() < 250; ++i) {
      auto upload = engine.begin_upload(id);
      must((co_await upload->append("value")).has_value());
      must((co_await upload->finish()).has_value());
      mutations.emplace_back(Put{key_of(task, i), std::move(upload), {}, {}});
    }
    must((co_await engine.apply(id, std::move(mutations), written_at)).has_value());
  }
}

// The rows of all maps in this store that lead to a shard.
std::size_t shards_in(librados::IoCtx io) {
  std::size_t count = 0;
  for (auto each = io.nobjects_begin(); each != io.nobjects_end(); ++each)
    if (each->get_oid().starts_with("ix.")) ++count;
  return count;
}

// A store of one namespace whose keys are in so many shards.
Listed listed_in(std::size_t shards, RadosOptions options) {
  options.rados_namespace += "-" + std::to_string(shards);
  options.sharding.split_keys = shards == 1 ? 2 * listed_keys : listed_keys / shards * 8 / 5;
  options.sharding.merge_keys = 0;
  Listed listed{shards, open_rados_engine(options).value(), NamespaceId::random()};
  const auto title = Title::parse("listed").value();
  run_alone(listed.engine->create_namespace({listed.id, AccountId::random(), title})).value();
  run_tasks([&](std::size_t task) { return fill(*listed.engine, listed.id, task); });
  const auto connection = RadosConnection::open(options).value();
  // Splits go on for a while.
  const auto until = Stopwatch::now() + std::chrono::minutes(1);
  while (shards_in(connection->index().blocking()) < shards && Stopwatch::now() < until) {
  }
  listed.shards = shards_in(connection->index().blocking());
  return listed;
}

double list_all(const Listed& listed) {
  const auto begin = Stopwatch::now();
  std::size_t count = 0;
  ScanRequest request{listed.id, {}, {}, 1000, now};
  for (bool has_more = true; has_more;) {
    const auto slice = run_alone(listed.engine->scan(request)).value();
    count += slice.entries.size();
    has_more = slice.resume_after.has_value();
    if (has_more) request.after = *slice.resume_after;
  }
  must(count == listed_keys / in_flight * in_flight);
  return std::chrono::duration<double>(Stopwatch::now() - begin).count();
}

void measure_listing(const RadosOptions& options) {
  std::vector<Listed> all;
  for (const std::size_t shards : {1u, 8u, 64u}) all.push_back(listed_in(shards, options));
  for (int round = 0; round < rounds; ++round) {
    const double one = list_all(all[0]);
    for (const Listed& each : all) {
      const double took = &each == &all[0] ? one : list_all(each);
      std::printf("list of %zu keys in %zu shards %8.0f keys/s   time x %.2f\n", listed_keys, each.shards,
                  listed_keys / took, took / one);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: bench_rados CEPH.CONF POOL\n"), 2;
  const RadosOptions options{
      argv[1], argv[2], {}, "bench-" + std::to_string(Stopwatch::now().time_since_epoch().count())};
  measure_single_keys(options);
  measure_listing(options);
  return 0;
}
