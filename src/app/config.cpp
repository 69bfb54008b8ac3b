#include "app/config.hpp"

#include <toml++/toml.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "app/about_command.hpp"
#include "app/admin_command.hpp"
#include "app/kv_command.hpp"
#include "app/transfer_command.hpp"
#include "core/limits.hpp"
#include "net/origin_guard.hpp"
#include "service/access.hpp"

namespace cubby {
namespace {

// What this process may use: of the machine, or of its control group.
std::uint64_t memory_bytes() {
  const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t group = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> group) return std::min(machine, group);
  return machine;
}

// Settings as text, before they are checked.
struct RawServe {
  std::string data_dir = "cubby-data";
  std::string engine = "rocksdb";
  RadosOptions rados;
  std::string listen = "127.0.0.1:8484";
  std::vector<std::string> allowed_origin;
  std::string account_id;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  std::size_t max_connections = limits::connections_max_default;
  std::size_t request_memory_bytes =
      std::max<std::uint64_t>(memory_bytes() / 8, limits::request_memory_bytes_min);
  std::string header_timeout = "15s";
  std::string body_timeout = "30s";
  std::string write_timeout = "30s";
  std::string idle_timeout = "75s";
  unsigned stop_seconds = 10;
  std::uint64_t cache_bytes = memory_bytes() / 4;
  std::string durability = "sync";
  std::string disk_reserve;
  std::vector<std::string> binding_listen;
  std::string binding_auth = "token";
  std::string binding_namespace;
  bool auto_create_namespaces = false;
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  std::string audit_log;
  bool audit_reads = false;
  std::string backup_dir;
  std::string backup_every;
  std::size_t backup_keep = 7;
  std::string metrics_auth = "token";
  std::string log_format = "text";
  std::string log_level = "info";
  std::uint64_t slow_request_ms = 1000;
  bool dev_clock = false;
  std::uint64_t value_bytes_max = limits::value_bytes_max;
};

constexpr const char* default_binding_listen = "127.0.0.1:8485";

std::string environment_name(std::string flag) {
  for (char& c : flag) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "CUBBY_" + flag;
}

// One setting, under its one name everywhere. A list takes its flag several times, and commas everywhere.
template <class T>
void add_setting(CLI::App& command, const std::string& name, T& value, const std::string& help) {
  auto* const option = command.add_option("--" + name, value, help);
  option->envname(environment_name(name))->capture_default_str();
  if constexpr (std::is_same_v<T, std::vector<std::string>>) option->delimiter(',');
}

void add_switch(CLI::App& command, const std::string& name, bool& value, const std::string& help) {
  command.add_flag("--" + name, value, help)->envname(environment_name(name));
}

void add_rados_settings(CLI::App& command, RadosOptions& raw) {
  add_setting(command, "rados-conf", raw.conf_file, "The cluster's ceph.conf");
  add_setting(command, "rados-pool", raw.pool, "Pool of the index and of small values; replicated");
  add_setting(command, "rados-data-pool", raw.data_pool,
              "Pool of larger values; that of the index if not given");
  add_setting(command, "rados-namespace", raw.rados_namespace,
              "RADOS namespace in the pools: one store each");
}

void check_rados(const RadosOptions& raw) {
  if (raw.conf_file.empty()) throw CLI::ValidationError("--rados-conf", "must name the cluster's ceph.conf");
  if (raw.pool.empty()) throw CLI::ValidationError("--rados-pool", "must name a pool");
}

void add_serve_settings(CLI::App& serve, RawServe& raw) {
  add_setting(serve, "data-dir", raw.data_dir, "Directory that holds the data; made if it is not there");
  add_setting(serve, "engine", raw.engine,
              "rocksdb: the data directory; rados: a Ceph cluster, which any number of servers may share");
  add_rados_settings(serve, raw.rados);
  add_setting(serve, "listen", raw.listen, "HOST:PORT of the REST API; port 0 picks a free one");
  add_setting(
      serve, "allowed-origin", raw.allowed_origin,
      "Origin whose pages may call the REST API from browsers, such as https://app.example; any number "
      "of times");
  add_setting(serve, "account-id", raw.account_id,
              "Id of the first account, 32 hexadecimal digits; made up at the first start if not given");
  add_setting(serve, "threads", raw.threads, "Event loops; one a core is best");
  add_setting(serve, "max-connections", raw.max_connections,
              "Connections of each listener; one more is answered with 503");
  add_setting(
      serve, "request-memory-bytes", raw.request_memory_bytes,
      "Memory that requests in flight hold together, beyond which they are answered with 503; an eighth "
      "of all if not given");
  add_setting(serve, "header-timeout", raw.header_timeout,
              "How long the head of a request may take from its first byte on");
  add_setting(serve, "body-timeout", raw.body_timeout,
              "How long the next bytes of a request's body may take");
  add_setting(serve, "write-timeout", raw.write_timeout, "How long a client may take none of its answer");
  add_setting(serve, "idle-timeout", raw.idle_timeout,
              "How long a connection is kept without a request; 10s or more");
  add_setting(serve, "stop-seconds", raw.stop_seconds, "How long a stop waits for requests in flight");
  add_setting(serve, "cache-bytes", raw.cache_bytes,
              "Memory for what was read lately; a quarter of all if not given");
  add_setting(serve, "durability", raw.durability,
              "sync: a write is acknowledged on stable storage; relaxed: the machine must not crash");
  add_setting(serve, "disk-reserve", raw.disk_reserve,
              "Bytes of the disk that puts leave free, such as 1073741824 or 1GiB; 256 MiB or a twentieth of "
              "the disk, whichever is less, if not given; 0 for none");
  add_setting(serve, "binding-listen", raw.binding_listen,
              std::string("HOST:PORT or unix:PATH of the worker binding, any number of times; none for none "
                          "(default ") +
                  default_binding_listen + ")");
  add_setting(serve, "binding-auth", raw.binding_auth,
              "token, or none: whoever reaches the binding may do everything");
  add_setting(serve, "binding-namespace", raw.binding_namespace,
              "Id or title of the namespace of binding requests that name none");
  add_switch(serve, "auto-create-namespaces", raw.auto_create_namespaces,
             "Create a namespace when a binding request first names it");
  add_setting(serve, "tls-cert", raw.tls_cert,
              "PEM file of the certificate, and those between it and the root: TCP listeners then speak TLS; "
              "read again at SIGHUP, with the next two");
  add_setting(serve, "tls-key", raw.tls_key, "PEM file of the certificate's private key");
  add_setting(serve, "tls-client-ca", raw.tls_client_ca,
              "PEM file of certificates: clients must show one that these have signed");
  add_setting(serve, "audit-log", raw.audit_log,
              "File to which a line is added for each change, with who made it; opened again at SIGHUP");
  add_switch(serve, "audit-reads", raw.audit_reads, "Lines for reads too");
  add_setting(serve, "backup-dir", raw.backup_dir, "Folder for backups of this server; none without it");
  add_setting(
      serve, "backup-every", raw.backup_every,
      "How old the newest backup may become, such as 30m, 6h or 1d; without it they are made when asked for");
  add_setting(serve, "backup-keep", raw.backup_keep, "How many backups are left by a new one; 0 for all");
  add_setting(serve, "metrics-auth", raw.metrics_auth,
              "token, or none: whoever reaches the API may read /metrics");
  add_setting(serve, "log-format", raw.log_format, "text or json");
  add_setting(serve, "log-level", raw.log_level, "debug (a line for each request), info, warn or error");
  add_setting(serve, "slow-request-ms", raw.slow_request_ms, "A request that takes longer is logged");
  add_switch(serve, "dev-clock", raw.dev_clock,
             "For tests: the API sets the clock that decides about expiry; on loopback only");
  add_setting(serve, "value-bytes-max", raw.value_bytes_max, "For tests: the largest value, in bytes");
}

std::string text_of(const toml::node& node) {
  if (const auto text = node.value<std::string>()) return *text;
  if (const auto number = node.value<std::int64_t>()) return std::to_string(*number);
  if (const auto truth = node.value<bool>()) return *truth ? "true" : "false";
  throw CLI::ValidationError("--config", "values must be strings, integers, true, false, or arrays of them");
}

// Fills in what neither a flag nor the environment has said.
void apply_file(CLI::App& serve, const std::string& path) {
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

std::string environment(const char* name, const char* older_name = "") {
  const char* value = std::getenv(name);
  if (!value || !*value) value = std::getenv(older_name);
  return value ? value : "";
}

ClientEnvironment client_environment() {
  const std::string config = environment("XDG_CONFIG_HOME");
  const std::string home = config.empty() ? environment("HOME") + "/.config" : config;
  const std::string profiles = environment("CUBBY_PROFILES");
  return {.wrangler = {.base_url = environment("CLOUDFLARE_API_BASE_URL", "CF_API_BASE_URL"),
                       .account_id = environment("CLOUDFLARE_ACCOUNT_ID", "CF_ACCOUNT_ID"),
                       .token = environment("CLOUDFLARE_API_TOKEN", "CF_API_TOKEN")},
          .from = {.base_url = environment("CUBBY_FROM_API_BASE_URL"),
                   .account_id = environment("CUBBY_FROM_ACCOUNT_ID"),
                   .token = environment("CUBBY_FROM_API_TOKEN")},
          .to = {.base_url = environment("CUBBY_TO_API_BASE_URL"),
                 .account_id = environment("CUBBY_TO_ACCOUNT_ID"),
                 .token = environment("CUBBY_TO_API_TOKEN")},
          .profile = environment("CUBBY_PROFILE"),
          .profiles_file = profiles.empty() ? home + "/cubby/profiles.toml" : profiles};
}

std::optional<std::string> environment_token() {
  const char* const token = std::getenv("CUBBY_ADMIN_TOKEN");
  if (!token || !*token) return std::nullopt;
  if (!is_token_shape(token)) {
    throw CLI::ValidationError("CUBBY_ADMIN_TOKEN", "must be 40 to 80 characters of 0-9, A-Z, a-z, _ and -");
  }
  return token;
}

// The sockets that the parent process has opened for us, in the way of systemd: LISTEN_FDS of them from
// descriptor 3 on, and in LISTEN_FDNAMES what each is for. Without names they are the binding's.
struct InheritedSockets {
  std::optional<InheritedSocket> api;
  std::vector<InheritedSocket> binding;
};

InheritedSockets inherited_sockets() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value ? value : "");
  };
  InheritedSockets sockets;
  const std::string owner = variable("LISTEN_PID");
  if (!owner.empty() && owner != std::to_string(::getpid())) return sockets;  // meant for our parent
  constexpr int first_descriptor = 3;
  std::istringstream names(variable("LISTEN_FDNAMES"));
  const int count = std::atoi(variable("LISTEN_FDS").c_str());
  for (int descriptor = first_descriptor; descriptor < first_descriptor + count; ++descriptor) {
    std::string name;
    std::getline(names, name, ':');
    if (name == "api")
      sockets.api = InheritedSocket{descriptor};
    else if (name == "binding" || name.empty())
      sockets.binding.push_back({descriptor});
    else
      throw CLI::ValidationError("LISTEN_FDNAMES", "each must be api or binding, not " + name);
  }
  return sockets;
}

// Listeners, and what is allowed on them.
void check_binding(const RawServe& raw, const InheritedSockets& inherited, ServeConfig& config) {
  std::vector<std::string> texts = raw.binding_listen;
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
  if (raw.binding_auth != "token" && raw.binding_auth != "none")
    throw CLI::ValidationError("--binding-auth", "must be token or none");
  config.binding_auth = raw.binding_auth == "none" ? BindingAuth::none : BindingAuth::token;
  const bool is_all_local = std::all_of(config.binding_listen.begin(), config.binding_listen.end(), is_local);
  if (config.binding_auth == BindingAuth::none && !is_all_local)
    throw CLI::ValidationError("--binding-auth", "none is for unix sockets and loopback addresses only");
  if (!raw.binding_namespace.empty()) config.binding_namespace = raw.binding_namespace;
}

void check_origins(const RawServe& raw, ServeConfig& config) {
  for (const std::string& text : raw.allowed_origin) {
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

void check_tls(const RawServe& raw, ServeConfig& config) {
  if (raw.tls_cert.empty() != raw.tls_key.empty())
    throw CLI::ValidationError("--tls-cert", "and --tls-key belong together");
  if (raw.tls_cert.empty() && !raw.tls_client_ca.empty())
    throw CLI::ValidationError("--tls-client-ca", "needs --tls-cert");
  if (raw.tls_cert.empty()) return;
  config.tls = TlsFiles{.certificate = raw.tls_cert, .key = raw.tls_key};
  if (!raw.tls_client_ca.empty()) config.tls->client_ca = raw.tls_client_ca;
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
  if (unit == "MiB") return number * limits::MiB;
  if (unit == "GiB" && number < 1'000'000'000) return number * 1024 * limits::MiB;
  return std::nullopt;
}

// The bounds that keep slow and many clients from using up what others need.
void check_bounds(const RawServe& raw, ServeConfig& config) {
  if (raw.max_connections < 1 || raw.max_connections > 1'000'000)
    throw CLI::ValidationError("--max-connections", "must be 1 to 1000000");
  config.max_connections = raw.max_connections;
  if (raw.request_memory_bytes < limits::request_memory_bytes_min)
    throw CLI::ValidationError("--request-memory-bytes",
                               "must be at least " + std::to_string(limits::request_memory_bytes_min));
  config.request_memory_bytes = raw.request_memory_bytes;
  const auto timeout = [](const char* name, const std::string& text, std::chrono::seconds least) {
    const auto time = parse_span(text);
    if (!time || *time < least || *time > std::chrono::hours(24))
      throw CLI::ValidationError(
          name, "must be a time of " + std::to_string(least.count()) + "s to 1d, such as 15s or 2m");
    return *time;
  };
  using std::chrono_literals::operator""s;
  config.patience.head = timeout("--header-timeout", raw.header_timeout, 1s);
  config.patience.body = timeout("--body-timeout", raw.body_timeout, 1s);
  config.patience.write = timeout("--write-timeout", raw.write_timeout, 1s);
  // workerd takes it for a loss when a connection ends that it has kept for less than five seconds.
  config.patience.idle = timeout("--idle-timeout", raw.idle_timeout, 10s);
}

void check_audit(const RawServe& raw, ServeConfig& config) {
  if (!raw.audit_log.empty())
    config.audit = AuditSettings{.file = raw.audit_log, .has_reads = raw.audit_reads};
  else if (raw.audit_reads)
    throw CLI::ValidationError("--audit-reads", "needs --audit-log");
}

void check_backups(const RawServe& raw, ServeConfig& config) {
  config.backups.keep = raw.backup_keep;
  if (!raw.backup_dir.empty()) config.backups.folder = raw.backup_dir;
  if (raw.backup_every.empty()) return;
  const auto every = parse_span(raw.backup_every);
  if (!every || *every < std::chrono::seconds(1))
    throw CLI::ValidationError("--backup-every", "must be a time such as 30m, 6h or 1d");
  if (!config.backups.folder) throw CLI::ValidationError("--backup-every", "needs --backup-dir");
  config.backups.every = *every;
}

void check_watching(const RawServe& raw, ServeConfig& config) {
  if (raw.metrics_auth != "token" && raw.metrics_auth != "none")
    throw CLI::ValidationError("--metrics-auth", "must be token or none");
  config.metrics_auth = raw.metrics_auth == "none" ? MetricsAuth::none : MetricsAuth::token;
  if (raw.log_format != "text" && raw.log_format != "json")
    throw CLI::ValidationError("--log-format", "must be text or json");
  config.log_format = raw.log_format == "json" ? LogFormat::json : LogFormat::text;
  const bool is_level = raw.log_level == "debug" || raw.log_level == "info" || raw.log_level == "warn" ||
                        raw.log_level == "error";
  if (!is_level) throw CLI::ValidationError("--log-level", "must be debug, info, warn or error");
  config.log_level = spdlog::level::from_str(raw.log_level);
  constexpr std::uint64_t day_ms = 24 * 60 * 60 * 1000;
  if (raw.slow_request_ms > day_ms)
    throw CLI::ValidationError("--slow-request-ms", "must be at most " + std::to_string(day_ms));
  config.slow_request = std::chrono::milliseconds(raw.slow_request_ms);
}

ServeConfig check(const RawServe& raw) {
  if (raw.data_dir.empty()) throw CLI::ValidationError("--data-dir", "must not be empty");
  if (raw.threads < 1 || raw.threads > 256) throw CLI::ValidationError("--threads", "must be 1 to 256");
  auto listen = TcpAddress::parse(raw.listen);
  if (!listen) throw CLI::ValidationError("--listen", listen.error().argument);
  std::optional<AccountId> account_id;
  if (!raw.account_id.empty()) {
    account_id = AccountId::parse(raw.account_id);
    if (!account_id) throw CLI::ValidationError("--account-id", "must be 32 hexadecimal digits");
  }
  if (raw.value_bytes_max > limits::value_bytes_max) {
    throw CLI::ValidationError("--value-bytes-max",
                               "must be at most " + std::to_string(limits::value_bytes_max));
  }
  if (raw.durability != "sync" && raw.durability != "relaxed")
    throw CLI::ValidationError("--durability", "must be sync or relaxed");
  const auto disk_reserve = parse_size(raw.disk_reserve);
  if (!disk_reserve && !raw.disk_reserve.empty())
    throw CLI::ValidationError("--disk-reserve", "must be a size such as 1073741824, 512MiB or 1GiB");
  const InheritedSockets inherited = inherited_sockets();
  ServeConfig config{.data_dir = raw.data_dir,
                     .listen = std::move(*listen),
                     .account_id = account_id,
                     .admin_token = environment_token(),
                     .threads = raw.threads,
                     .stop_seconds = raw.stop_seconds,
                     .cache_bytes = raw.cache_bytes,
                     .durability = raw.durability == "sync" ? Durability::sync : Durability::relaxed,
                     .disk_reserve_bytes = disk_reserve,
                     .auto_create_namespaces = raw.auto_create_namespaces,
                     .dev_clock = raw.dev_clock,
                     .value_bytes_max = raw.value_bytes_max};
  if (raw.engine != "rocksdb" && raw.engine != "rados")
    throw CLI::ValidationError("--engine", "must be rocksdb or rados");
  if (raw.engine == "rados") {
    check_rados(raw.rados);
    config.rados = raw.rados;
  }
  if (inherited.api) config.listen = *inherited.api;
  if (config.dev_clock && !is_local(config.listen))
    throw CLI::ValidationError("--dev-clock", "is for an API listener on a loopback address only");
  check_origins(raw, config);
  check_binding(raw, inherited, config);
  check_tls(raw, config);
  check_bounds(raw, config);
  check_audit(raw, config);
  check_watching(raw, config);
  check_backups(raw, config);
  return config;
}

void add_backup_commands(CLI::App& app, BackupCommand& command) {
  using What = BackupCommand::What;
  CLI::App& backup = *app.add_subcommand("backup", "Look after the backups that a server has made");
  backup.require_subcommand(1);
  const auto add = [&command](CLI::App& parent, const char* name, const char* help, What what) {
    CLI::App* const added = parent.add_subcommand(name, help);
    added->add_option("--backup-dir", command.folder, "The folder of backups")
        ->envname("CUBBY_BACKUP_DIR")
        ->required();
    added->callback([&command, what] { command.what = what; });
    return added;
  };
  add(backup, "list", "List the backups that were finished", What::list);
  add(backup, "verify", "Read backups against their checksums", What::verify)
      ->add_option("--id", command.id, "Only this backup; all if not given");
  add(backup, "prune", "Remove old backups", What::prune)
      ->add_option("--keep", command.keep, "How many of the newest to leave")
      ->capture_default_str();
  CLI::App* const restore = add(app, "restore", "Make a data directory from a backup", What::restore);
  restore->add_option("--data-dir", command.data_dir, "The directory to make; must be new or empty")
      ->required();
  restore->add_option("--id", command.id, "This backup; the newest if not given");
  restore->add_option("--namespace", command.namespace_id,
                      "Id of the one namespace to restore; all if not given");
}

}  // namespace

CommandLine read_command_line(int argc, const char* const* argv) {
  CLI::App app("Cubby: a self-hosted key-value store that speaks Cloudflare Workers KV");
  app.set_version_flag("--version", "cubby " CUBBY_VERSION);
  app.require_subcommand(1);
  RawServe raw;
  std::string config_path;
  CLI::App& serve =
      *app.add_subcommand("serve", "Serve the REST API and the worker binding from a data directory");
  add_serve_settings(serve, raw);
  add_setting(serve, "config", config_path,
              "TOML file with any of these settings, such as data-dir = \"/var/lib/cubby\"");
  serve.footer(
      "Each setting may also come from the environment, such as CUBBY_DATA_DIR. CUBBY_ADMIN_TOKEN, 40 to 80\n"
      "characters of 0-9, A-Z, a-z, _ and -, is a valid administrator's token while it is set; without it "
      "the first\n"
      "start makes one and writes it to the file admin-token in the data directory.");
  CheckOptions to_check{.data_directory = raw.data_dir};
  CLI::App& check_command = *app.add_subcommand(
      "check", "Read a whole data directory, while no server has it, and tell what is damaged");
  add_setting(check_command, "data-dir", to_check.data_directory, "The directory that holds the data");
  check_command.add_flag("--repair", to_check.repairs_usage,
                         "Set the counters of usage right where they are not");
  BackupCommand to_back_up;
  add_backup_commands(app, to_back_up);
  RadosOptions rados;
  CLI::App& rados_commands = *app.add_subcommand("rados", "Prepare a Ceph cluster for --engine rados");
  rados_commands.require_subcommand(1);
  CLI::App& rados_init = *rados_commands.add_subcommand(
      "init", "Make the pools that are not there, and say what is unsafe about them");
  add_rados_settings(rados_init, rados);
  const auto environment_of_client = std::make_shared<ClientEnvironment>(client_environment());
  std::function<int()> client;
  add_kv_commands(app, *environment_of_client, client);
  add_transfer_commands(app, *environment_of_client, client);
  add_about_commands(app, client);
  add_admin_commands(app, *environment_of_client, client);
  try {
    app.parse(argc, argv);
    if (client) return {.client = [client, environment_of_client] { return client(); }};
    if (app.got_subcommand("backup") || app.got_subcommand("restore")) return {.backup = to_back_up};
    if (rados_init.parsed()) {
      check_rados(rados);
      return {.rados_init = rados};
    }
    if (check_command.parsed()) return {.check = to_check};
    if (!config_path.empty()) apply_file(serve, config_path);
    return {.serve = check(raw)};
  } catch (const CLI::ParseError& error) {
    return {.exit_code = app.exit(error) == 0 ? 0 : 2};
  } catch (const toml::parse_error& error) {
    std::cerr << "--config: " << config_path << ": " << error.description() << " (line "
              << error.source().begin.line << ")\n";
    return {.exit_code = 2};
  }
}

}  // namespace cubby
