#include <algorithm>
#include <charconv>

#include "app/serve_settings.hpp"
#include "core/limits.hpp"
#include "net/origin_guard.hpp"

namespace cubby {
namespace {

// Listeners, and what is allowed on them.
void check_binding(const ServeSettings& settings, const InheritedSockets& inherited, ServeConfig& config) {
  std::vector<std::string> texts = settings.binding_listen;
  config.is_binding_asked_for = !texts.empty();
  if (texts.empty() && inherited.binding.empty()) texts = {default_binding_listen};
  if (texts == std::vector<std::string>{"none"}) texts.clear();
  for (const InheritedSocket& each : inherited.binding) {
    std::erase(texts, each.address());
    config.binding_listen.emplace_back(each);
  }
  for (const std::string& text : texts) {
    auto address = parse_listen_address(text);
    if (!address) throw CLI::ValidationError("--binding-listen", address.error().argument);
    config.binding_listen.push_back(std::move(*address));
  }
  if (settings.binding_auth != "token" && settings.binding_auth != "none")
    throw CLI::ValidationError("--binding-auth", "must be token or none");
  config.binding_auth = settings.binding_auth == "none" ? BindingAuth::none : BindingAuth::token;
  const bool is_all_local = std::all_of(config.binding_listen.begin(), config.binding_listen.end(), is_local);
  if (config.binding_auth == BindingAuth::none && !is_all_local)
    throw CLI::ValidationError("--binding-auth", "none is for unix sockets and loopback addresses only");
  if (!settings.binding_namespace.empty()) config.binding_namespace = settings.binding_namespace;
}

void check_origins(const ServeSettings& settings, ServeConfig& config) {
  for (const std::string& text : settings.allowed_origin) {
    auto origin = parse_origin(text);
    if (!origin) throw CLI::ValidationError("--allowed-origin", origin.error().argument);
    config.allowed_origins.push_back(std::move(*origin));
  }
}

// 90, 90s, 30m, 6h or 1d.
std::optional<std::chrono::seconds> parse_span(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number > 1'000'000'000) return std::nullopt;
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  const std::uint64_t factor = unit.empty() || unit == "s" ? 1
                               : unit == "m"               ? 60
                               : unit == "h"               ? 3600
                                                           : 86400;
  if (factor == 86400 && unit != "d") return std::nullopt;
  return std::chrono::seconds(number * factor);
}

void check_tls(const ServeSettings& settings, ServeConfig& config) {
  if (settings.tls_cert.empty() != settings.tls_key.empty())
    throw CLI::ValidationError("--tls-cert", "and --tls-key belong together");
  if (settings.tls_cert.empty() && !settings.tls_client_ca.empty())
    throw CLI::ValidationError("--tls-client-ca", "needs --tls-cert");
  if (settings.tls_cert.empty()) return;
  config.tls = TlsFiles{.certificate = settings.tls_cert, .key = settings.tls_key};
  if (!settings.tls_client_ca.empty()) config.tls->client_ca = settings.tls_client_ca;
}

// 1073741824, 1048576KiB, 1024MiB or 1GiB.
std::optional<std::uint64_t> parse_size(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number > 1'000'000'000'000'000) return std::nullopt;
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  if (unit.empty()) return number;
  if (unit == "KiB") return number * limits::KiB;
  if (unit == "MiB" && number < 1'000'000'000'000) return number * limits::MiB;
  if (unit == "GiB" && number < 1'000'000'000) return number * 1024 * limits::MiB;
  return std::nullopt;
}

// The bounds that keep slow and many clients from using up what others need.
void check_bounds(const ServeSettings& settings, ServeConfig& config) {
  if (settings.max_connections < 1 || settings.max_connections > 1'000'000)
    throw CLI::ValidationError("--max-connections", "must be 1 to 1000000");
  config.max_connections = settings.max_connections;
  if (settings.request_memory_bytes < limits::request_memory_bytes_min)
    throw CLI::ValidationError("--request-memory-bytes",
                               "must be at least " + std::to_string(limits::request_memory_bytes_min));
  config.request_memory_bytes = settings.request_memory_bytes;
  const auto timeout = [](const char* name, const std::string& text, std::chrono::seconds least) {
    const auto time = parse_span(text);
    if (!time || *time < least || *time > std::chrono::hours(24))
      throw CLI::ValidationError(
          name, "must be a time of " + std::to_string(least.count()) + "s to 1d, such as 15s or 2m");
    return *time;
  };
  using std::chrono_literals::operator""s;
  config.patience.head = timeout("--header-timeout", settings.header_timeout, 1s);
  config.patience.body = timeout("--body-timeout", settings.body_timeout, 1s);
  config.patience.write = timeout("--write-timeout", settings.write_timeout, 1s);
  // workerd takes it for a loss when a connection ends that it has kept for less than five seconds.
  config.patience.idle = timeout("--idle-timeout", settings.idle_timeout, 10s);
}

void check_audit(const ServeSettings& settings, ServeConfig& config) {
  if (!settings.audit_log.empty())
    config.audit = AuditSettings{.file = settings.audit_log, .has_reads = settings.audit_reads};
  else if (settings.audit_reads)
    throw CLI::ValidationError("--audit-reads", "needs --audit-log");
}

void check_backups(const ServeSettings& settings, ServeConfig& config) {
  config.backups.keep = settings.backup_keep;
  if (!settings.backup_dir.empty()) config.backups.folder = settings.backup_dir;
  if (settings.backup_every.empty()) return;
  const auto every = parse_span(settings.backup_every);
  if (!every || *every < std::chrono::seconds(1))
    throw CLI::ValidationError("--backup-every", "must be a time such as 30m, 6h or 1d");
  if (!config.backups.folder) throw CLI::ValidationError("--backup-every", "needs --backup-dir");
  config.backups.every = *every;
}

void check_watching(const ServeSettings& settings, ServeConfig& config) {
  if (settings.metrics_auth != "token" && settings.metrics_auth != "none")
    throw CLI::ValidationError("--metrics-auth", "must be token or none");
  config.metrics_auth = settings.metrics_auth == "none" ? MetricsAuth::none : MetricsAuth::token;
  if (settings.log_format != "text" && settings.log_format != "json")
    throw CLI::ValidationError("--log-format", "must be text or json");
  config.log_format = settings.log_format == "json" ? LogFormat::json : LogFormat::text;
  const bool is_level = settings.log_level == "debug" || settings.log_level == "info" ||
                        settings.log_level == "warn" || settings.log_level == "error";
  if (!is_level) throw CLI::ValidationError("--log-level", "must be debug, info, warn or error");
  config.log_level = spdlog::level::from_str(settings.log_level);
  constexpr std::uint64_t day_ms = 24 * 60 * 60 * 1000;
  if (settings.slow_request_ms > day_ms)
    throw CLI::ValidationError("--slow-request-ms", "must be at most " + std::to_string(day_ms));
  config.slow_request = std::chrono::milliseconds(settings.slow_request_ms);
}

}  // namespace

void check_rados_settings(const RadosOptions& options) {
  if (options.conf_file.empty())
    throw CLI::ValidationError("--rados-conf", "must name the cluster's ceph.conf");
  if (options.pool.empty()) throw CLI::ValidationError("--rados-pool", "must name a pool");
}

ServeConfig check_serve_settings(const ServeSettings& settings, const ServeEnvironment& environment) {
  if (settings.data_dir.empty()) throw CLI::ValidationError("--data-dir", "must not be empty");
  if (settings.threads < 1 || settings.threads > 256)
    throw CLI::ValidationError("--threads", "must be 1 to 256");
  auto listen = TcpAddress::parse(settings.listen);
  if (!listen) throw CLI::ValidationError("--listen", listen.error().argument);
  std::optional<AccountId> account_id;
  if (!settings.account_id.empty()) {
    account_id = AccountId::parse(settings.account_id);
    if (!account_id) throw CLI::ValidationError("--account-id", "must be 32 hexadecimal digits");
  }
  if (settings.value_bytes_max > limits::value_bytes_max) {
    throw CLI::ValidationError("--value-bytes-max",
                               "must be at most " + std::to_string(limits::value_bytes_max));
  }
  if (settings.durability != "sync" && settings.durability != "relaxed")
    throw CLI::ValidationError("--durability", "must be sync or relaxed");
  const auto disk_reserve = parse_size(settings.disk_reserve);
  if (!disk_reserve && !settings.disk_reserve.empty())
    throw CLI::ValidationError("--disk-reserve", "must be a size such as 1073741824, 512MiB or 1GiB");
  const InheritedSockets& inherited = environment.inherited;
  ServeConfig config{.data_dir = settings.data_dir,
                     .listen = std::move(*listen),
                     .account_id = account_id,
                     .admin_token = environment.admin_token,
                     .threads = settings.threads,
                     .stop_seconds = settings.stop_seconds,
                     .cache_bytes = settings.cache_bytes,
                     .durability = settings.durability == "sync" ? Durability::sync : Durability::relaxed,
                     .disk_reserve_bytes = disk_reserve,
                     .auto_create_namespaces = settings.auto_create_namespaces,
                     .dev_clock = settings.dev_clock,
                     .value_bytes_max = settings.value_bytes_max};
  if (settings.engine != "rocksdb" && settings.engine != "rados")
    throw CLI::ValidationError("--engine", "must be rocksdb or rados");
  if (settings.engine == "rados") {
    check_rados_settings(settings.rados);
    config.rados = settings.rados;
    RadosSharding& sharding = config.rados->sharding;
    if (sharding.split_keys < limits::rados_shard_keys_min ||
        sharding.split_keys > limits::rados_shard_keys_max)
      throw CLI::ValidationError("--rados-shard-keys",
                                 "must be " + std::to_string(limits::rados_shard_keys_min) + " to " +
                                     std::to_string(limits::rados_shard_keys_max));
    sharding.merge_keys = sharding.split_keys / 5;
    sharding.split_rate_keys = std::min(sharding.split_rate_keys, sharding.split_keys / 5);
  }
  if (inherited.api) config.listen = *inherited.api;
  if (config.dev_clock && !is_local(config.listen))
    throw CLI::ValidationError("--dev-clock", "is for an API listener on a loopback address only");
  check_origins(settings, config);
  check_binding(settings, inherited, config);
  check_tls(settings, config);
  check_bounds(settings, config);
  check_audit(settings, config);
  check_watching(settings, config);
  check_backups(settings, config);
  return config;
}

}  // namespace cubby
