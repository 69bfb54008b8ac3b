#include "net/monitor.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/limits.hpp"
#include "core/use_task.hpp"
#include "wire/error_table.hpp"
#include "wire/prometheus_text.hpp"

namespace cubby {
namespace {

using Type = PrometheusText::Type;

void write_requests(PrometheusText& text, const TrafficCounts& traffic) {
  const auto each = [&](auto write) {
    for (std::size_t dialect = 0; dialect < dialect_names.size(); ++dialect) {
      for (std::size_t kind = 0; kind < request_kind_names.size(); ++kind) {
        const auto& of_kind = traffic.kinds[dialect][kind];
        if (of_kind.durations.total() > 0) write(dialect_names[dialect], request_kind_names[kind], of_kind);
      }
    }
  };
  text.family("cubby_requests_total", Type::counter, "Requests answered, by dialect, operation and status.");
  each([&](std::string_view dialect, std::string_view operation, const TrafficCounts::OfKind& of_kind) {
    for (unsigned i = 0; i < TrafficCounts::statuses; ++i) {
      if (of_kind.by_status[i] == 0) continue;
      const std::string status = std::to_string(TrafficCounts::status_min + i);
      text.sample({{"dialect", dialect}, {"operation", operation}, {"status", status}}, of_kind.by_status[i]);
    }
  });
  text.family("cubby_request_duration_seconds", Type::histogram,
              "From the end of a request's head to the last byte of its answer.");
  each([&](std::string_view dialect, std::string_view operation, const TrafficCounts::OfKind& of_kind) {
    text.histogram({{"dialect", dialect}, {"operation", operation}}, of_kind.durations);
  });
  text.single("cubby_received_bytes_total", Type::counter, "Heads and bodies of requests.", traffic.bytes_in);
  text.single("cubby_sent_bytes_total", Type::counter, "Heads and bodies of answers.", traffic.bytes_out);
  text.single("cubby_connections_total", Type::counter, "Connections accepted.", traffic.connections_opened);
  text.single("cubby_connections", Type::gauge, "Connections open now.",
              traffic.connections_opened - traffic.connections_closed);
  text.single("cubby_tls_failures_total", Type::counter, "Connections whose TLS handshake failed.",
              traffic.tls_failures);
  text.single("cubby_request_memory_bytes", Type::gauge,
              "Memory that requests hold of what --request-memory-bytes allows.",
              traffic.request_memory_bytes);
}

void write_engine(PrometheusText& text, const EngineFigures& engine) {
  text.single("cubby_commit_queue_length", Type::gauge, "Writes that wait for the commit thread.",
              engine.commits_waiting);
  text.single("cubby_commits_total", Type::counter, "Writes committed.", engine.commits_count);
  text.family("cubby_commit_duration_seconds", Type::histogram,
              "Time of one group commit with its sync of the log.");
  text.histogram({}, engine.commits);
  text.family("cubby_lookups_total", Type::counter,
              "Lookups of keys and values of middle size, by where the answer was.");
  text.sample({{"from", "memory"}}, engine.reads_from_memory);
  text.sample({{"from", "disk"}}, engine.reads_from_disk);
  text.single("cubby_storage_bytes", Type::gauge, "Size of the database and of the value files.",
              engine.storage_bytes);
  text.single("cubby_storage_free_bytes", Type::gauge, "Free on the file system of the data directory.",
              engine.storage_bytes_free);
  text.single("cubby_storage_reserve_bytes", Type::gauge, "How much of the disk puts leave free.",
              engine.storage_bytes_reserve);
  text.single("cubby_storage_full", Type::gauge,
              "1 while puts are refused: less is free, or compactions find too little room.",
              engine.is_full ? 1 : 0);
  text.single("cubby_storage_failed", Type::gauge, "1 after a write failed, until a restart.",
              engine.has_failed ? 1 : 0);
  text.single("cubby_expired_waiting", Type::gauge,
              "Expired values not yet taken off the disk; counted up to 100000.", engine.expired_waiting);
  text.single("cubby_expired_late_seconds", Type::gauge, "How long the first of them has been expired.",
              engine.expired_late_seconds);
  for (const auto& [own_name, value] : engine.own) {
    // Its properties have dashes in their names and its tickers dots.
    const bool is_ticker = own_name.find('.') != own_name.npos;
    std::string name = "cubby_rocksdb_" + own_name + (is_ticker ? "_total" : "");
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
    if (is_ticker)
      text.single(name, Type::counter, "RocksDB's ticker of this name.", value);
    else
      text.single(name, Type::gauge, "RocksDB's property of this name.", value);
  }
}

void write_namespaces(PrometheusText& text, const StoreFigures& store) {
  text.single("cubby_namespaces", Type::gauge, "Namespaces; the first 100 by id have figures of their own.",
              store.namespaces_count);
  text.family("cubby_namespace_keys", Type::gauge, "Live keys of a namespace.");
  for (const auto& [of, usage] : store.namespaces)
    text.sample({{"namespace", of.id.text()}, {"title", of.title.text()}}, usage.keys);
  text.family("cubby_namespace_bytes", Type::gauge, "Live keys, values and metadata of a namespace.");
  for (const auto& [of, usage] : store.namespaces)
    text.sample({{"namespace", of.id.text()}, {"title", of.title.text()}}, usage.bytes);
}

void write_process(PrometheusText& text, Timestamp started_at) {
  text.family("cubby_build_info", Type::gauge, "1, with the version of the server.");
  text.sample({{"version", CUBBY_VERSION}}, 1);
  text.single("process_start_time_seconds", Type::gauge, "When the server was started.",
              std::chrono::duration<double>(started_at.time_since_epoch()).count());
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  text.single("process_cpu_seconds_total", Type::counter, "Processor time, of user and system.",
              seconds(usage.ru_utime) + seconds(usage.ru_stime));
  std::uint64_t virtual_pages = 0;
  std::uint64_t resident_pages = 0;
  if (std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages)
    text.single("process_resident_memory_bytes", Type::gauge, "Memory in use.",
                resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  std::error_code error;
  std::uint64_t descriptors = 0;
  for (std::filesystem::directory_iterator each("/proc/self/fd", error), end; !error && each != end;
       each.increment(error))
    ++descriptors;
  text.single("process_open_fds", Type::gauge, "File descriptors open.", descriptors);
}

}  // namespace

Task<Result<std::string>> Monitor::metrics() {
  const auto store = co_await store_.all();
  if (!store) co_return store.error();
  PrometheusText text;
  const auto traffic = std::make_unique<const TrafficCounts>(traffic_());
  write_requests(text, *traffic);
  if (audit_)
    text.single("cubby_audit_lines_lost_total", Type::counter,
                "Lines that the audit log's file did not take.", audit_->lost());
  write_engine(text, store->engine);
  write_namespaces(text, *store);
  write_process(text, started_at_);
  co_return text.take();
}

Task<void> Monitor::log_writability() {
  const auto writable = co_await check_writable();
  if (writable && !was_writable_) spdlog::info("puts are taken again");
  if (!writable && was_writable_)
    spdlog::error("puts are refused: {}: {}", error_text(writable.error()), writable.error().argument);
  was_writable_ = writable.has_value();
}

Task<void> Monitor::run() {
  pause_.emplace(co_await this_loop);
  while (!is_stopping_) {
    const auto engine = co_await store_.engine();
    if (engine) activity_.add(clock_.now(), traffic_(), *engine);
    co_await log_writability();
    if (is_stopping_) break;
    pause_->expires_after(limits::activity_step);
    // A cancelled wait is how `stop` ends it.
    co_await pause_->async_wait(use_task);
    calls_.end_step();
  }
  pause_.reset();  // it belongs to the loop, which may end before this
}

void Monitor::stop() {
  is_stopping_ = true;
  if (pause_) pause_->cancel();
}

}  // namespace cubby
