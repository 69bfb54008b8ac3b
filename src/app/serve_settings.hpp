// The settings of `cubby serve`: as text with their flags, and checked.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "core/limits.hpp"

namespace cubby {

// Settings as text, before they are checked.
struct ServeSettings {
  ServeSettings();  // with what is assumed for this machine

  std::string data_dir = "cubby-data";
  std::string engine = "rocksdb";
  RadosOptions rados;
  std::string listen = "127.0.0.1:8484";
  std::vector<std::string> allowed_origin;
  std::string account_id;
  unsigned threads = 0;
  std::size_t max_connections = limits::connections_max_default;
  std::size_t request_memory_bytes = 0;
  std::string header_timeout = "15s";
  std::string body_timeout = "30s";
  std::string write_timeout = "30s";
  std::string idle_timeout = "75s";
  unsigned stop_seconds = 10;
  std::uint64_t cache_bytes = 0;
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

// What comes from no flag or file.
struct InheritedSockets {
  std::optional<InheritedSocket> api;
  std::vector<InheritedSocket> binding;
};
struct ServeEnvironment {
  std::optional<std::string> admin_token;
  InheritedSockets inherited;
};

// Where the binding is if nobody says.
inline constexpr const char* default_binding_listen = "127.0.0.1:8485";

void add_serve_settings(CLI::App& serve, ServeSettings& settings);
void add_rados_settings(CLI::App& command, RadosOptions& options);

// Fills in from a TOML file what neither a flag nor the environment has said. Throws CLI::ParseError,
// toml::parse_error.
void apply_settings_file(CLI::App& serve, const std::string& path);

// Throws CLI::ValidationError, which names the flag.
ServeConfig check_serve_settings(const ServeSettings& settings, const ServeEnvironment& environment);
void check_rados_settings(const RadosOptions& options);

}  // namespace cubby
