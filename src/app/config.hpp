// What the operator decides: from flags, the environment and a file to one checked struct.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/logging.hpp"
#include "core/values.hpp"
#include "net/audit_log.hpp"
#include "net/binding_api.hpp"
#include "net/listening_socket.hpp"
#include "net/monitor_api.hpp"
#include "net/tls_context.hpp"
#include "rados/rados_engine.hpp"
#include "service/backups.hpp"
#include "store/rocksdb_check.hpp"
#include "store/rocksdb_engine.hpp"

namespace cubby {

struct ServeConfig {
  std::filesystem::path data_dir;
  std::optional<RadosOptions> rados{};         // instead of the engine in the data directory
  ListenAddress listen;                        // of the REST API: TCP or inherited
  std::vector<std::string> allowed_origins{};  // whose pages may call the REST API
  std::optional<AccountId> account_id;         // the first account's; nothing: made up at the first start
  std::optional<std::string>
      admin_token;       // CUBBY_ADMIN_TOKEN; never a flag, which everybody on the machine could read
  unsigned threads = 0;  // event loops; at least 1
  std::size_t max_connections = 0;       // of each listener
  std::size_t request_memory_bytes = 0;  // that all requests hold together
  ConnectionPatience patience{};
  unsigned stop_seconds = 0;  // how long a stop waits for requests in flight
  std::uint64_t cache_bytes = 0;
  Durability durability = Durability::sync;
  std::optional<std::uint64_t> disk_reserve_bytes{};  // nothing: the engine's own choice

  // The worker binding.
  std::vector<ListenAddress> binding_listen{};
  bool is_binding_asked_for = false;  // otherwise an address that is taken is no reason not to start
  BindingAuth binding_auth = BindingAuth::token;
  std::optional<std::string> binding_namespace{};  // for requests that name none
  bool auto_create_namespaces = false;

  std::optional<TlsFiles> tls{};  // for the TCP listeners; nothing: plain HTTP

  std::optional<AuditSettings> audit{};  // nothing: no audit log

  BackupSettings backups{};

  // Being watched.
  MetricsAuth metrics_auth = MetricsAuth::token;
  LogFormat log_format = LogFormat::text;
  spdlog::level::level_enum log_level = spdlog::level::info;
  std::chrono::milliseconds slow_request{};

  // For tests of programs that use Cubby.
  bool dev_clock = false;
  std::uint64_t value_bytes_max = 0;
};

// What `main` is to do.
struct CommandLine {
  std::optional<ServeConfig> serve{};
  std::optional<CheckOptions> check{};
  std::optional<RadosOptions> rados_init{};
  std::function<int()> command{};  // any other; answers the exit code
  int exit_code = 0;               // where it is none of these: 2 if something is wrong with the command line
};

// Reads argv and the environment; the only place that does. Each setting may come from a flag (--data-dir),
// from the environment (CUBBY_DATA_DIR) or from the TOML file that --config names (data-dir = "…"); the first
// of these wins. Listening sockets of the parent process come as systemd hands them over (LISTEN_FDS). Prints
// help and complaints itself.
CommandLine read_command_line(int argc, const char* const* argv);

}  // namespace cubby
