#include "app/serve_settings.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <thread>

#include "app/available_memory.hpp"
#include "app/setting.hpp"

namespace cubby {

ServeSettings::ServeSettings()
    : threads(std::max(1u, std::thread::hardware_concurrency())),
      request_memory_bytes(
          std::max<std::uint64_t>(available_memory_bytes() / 8, limits::request_memory_bytes_min)),
      cache_bytes(available_memory_bytes() / 4) {}

void add_rados_settings(CLI::App& command, RadosOptions& options) {
  add_setting(command, "rados-conf", options.conf_file, "The cluster's ceph.conf");
  add_setting(command, "rados-pool", options.pool, "Pool of the index and of small values; replicated");
  add_setting(command, "rados-data-pool", options.data_pool,
              "Pool of larger values; that of the index if not given");
  add_setting(command, "rados-namespace", options.rados_namespace,
              "RADOS namespace in the pools: one store each");
}

void add_serve_settings(CLI::App& serve, ServeSettings& settings) {
  add_setting(serve, "data-dir", settings.data_dir, "Directory that holds the data; made if it is not there");
  add_setting(serve, "engine", settings.engine,
              "rocksdb: the data directory; rados: a Ceph cluster, which any number of servers may share");
  add_rados_settings(serve, settings.rados);
  add_setting(serve, "rados-shard-keys", settings.rados.sharding.split_keys,
              "A shard of more keys splits in two; two neighbours with a fifth of them together become one");
  add_setting(serve, "listen", settings.listen, "HOST:PORT of the REST API; port 0 picks a free one");
  add_setting(
      serve, "allowed-origin", settings.allowed_origin,
      "Origin whose pages may call the REST API from browsers, such as https://app.example; any number "
      "of times");
  add_setting(serve, "account-id", settings.account_id,
              "Id of the first account, 32 hexadecimal digits; made up at the first start if not given");
  add_setting(serve, "threads", settings.threads, "Event loops; one a core is best");
  add_setting(
      serve, "max-connections", settings.max_connections,
      "Connections of each listener; one more takes the place of an idle one, or is answered with 503");
  add_setting(
      serve, "request-memory-bytes", settings.request_memory_bytes,
      "Memory that requests in flight hold together, beyond which they are answered with 503; an eighth "
      "of all if not given");
  add_setting(serve, "header-timeout", settings.header_timeout,
              "How long the head of a request may take from its first byte on");
  add_setting(serve, "body-timeout", settings.body_timeout,
              "How long the next bytes of a request's body may take");
  add_setting(serve, "write-timeout", settings.write_timeout,
              "How long a client may take none of its answer");
  add_setting(serve, "idle-timeout", settings.idle_timeout,
              "How long a connection is kept without a request; 10s or more");
  add_setting(serve, "stop-seconds", settings.stop_seconds, "How long a stop waits for requests in flight");
  add_setting(serve, "cache-bytes", settings.cache_bytes,
              "Memory for what was read lately; a quarter of all if not given");
  add_setting(serve, "durability", settings.durability,
              "sync: a write is acknowledged on stable storage; relaxed: the machine must not crash");
  add_setting(serve, "disk-reserve", settings.disk_reserve,
              "Bytes of the disk that puts leave free, such as 1073741824 or 1GiB; 256 MiB or a twentieth of "
              "the disk, whichever is less, if not given; 0 for none");
  add_setting(serve, "binding-listen", settings.binding_listen,
              std::string("HOST:PORT or unix:PATH of the worker binding, any number of times; none for none "
                          "(default ") +
                  default_binding_listen + ")");
  add_setting(serve, "binding-auth", settings.binding_auth,
              "token, or none: whoever reaches the binding may do everything");
  add_setting(serve, "binding-namespace", settings.binding_namespace,
              "Id or title of the namespace of binding requests that name none");
  add_switch(serve, "auto-create-namespaces", settings.auto_create_namespaces,
             "Create a namespace when a binding request first names it");
  add_setting(serve, "tls-cert", settings.tls_cert,
              "PEM file of the certificate, and those between it and the root: TCP listeners then speak TLS; "
              "read again at SIGHUP, with the next two");
  add_setting(serve, "tls-key", settings.tls_key, "PEM file of the certificate's private key");
  add_setting(serve, "tls-client-ca", settings.tls_client_ca,
              "PEM file of certificates: clients must show one that these have signed");
  add_setting(serve, "audit-log", settings.audit_log,
              "File to which a line is added for each change, with who made it; opened again at SIGHUP");
  add_switch(serve, "audit-reads", settings.audit_reads, "Lines for reads too");
  add_setting(serve, "backup-dir", settings.backup_dir, "Folder for backups of this server; none without it");
  add_setting(
      serve, "backup-every", settings.backup_every,
      "How old the newest backup may become, such as 30m, 6h or 1d; without it they are made when asked for");
  add_setting(serve, "backup-keep", settings.backup_keep,
              "How many backups are left by a new one; 0 for all");
  add_setting(serve, "metrics-auth", settings.metrics_auth,
              "token, or none: whoever reaches the API may read /metrics");
  add_setting(serve, "log-format", settings.log_format, "text or json");
  add_setting(serve, "log-level", settings.log_level, "debug (a line for each request), info, warn or error");
  add_setting(serve, "slow-request-ms", settings.slow_request_ms, "A request that takes longer is logged");
  add_switch(serve, "dev-clock", settings.dev_clock,
             "For tests: the API sets the clock that decides about expiry; on loopback only");
  add_setting(serve, "value-bytes-max", settings.value_bytes_max, "For tests: the largest value, in bytes");
}

namespace {

std::string text_of(const toml::node& node) {
  if (const auto text = node.value<std::string>()) return *text;
  if (const auto number = node.value<std::int64_t>()) return std::to_string(*number);
  if (const auto truth = node.value<bool>()) return *truth ? "true" : "false";
  throw CLI::ValidationError("--config", "values must be strings, integers, true, false, or arrays of them");
}

}  // namespace

void apply_settings_file(CLI::App& serve, const std::string& path) {
  const toml::table file = toml::parse_file(path);
  for (const auto& [name, node] : file) {
    auto* const option = serve.get_option_no_throw("--" + std::string(name.str()));
    if (!option || name.str() == "config" || name.str() == "help") {
      throw CLI::ValidationError("--config", path + " has an unknown setting: " + std::string(name.str()));
    }
    if (option->count() > 0) continue;
    if (const auto* const array = node.as_array()) {
      for (const auto& each : *array) option->add_result(text_of(each));
    } else {
      option->add_result(text_of(node));
    }
    option->run_callback();
  }
}

}  // namespace cubby
