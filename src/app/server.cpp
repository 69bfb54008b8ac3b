#include "app/server.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "app/first_start.hpp"
#include "app/logging.hpp"
#include "app/privileges.hpp"
#include "app/rados_module.hpp"
#include "net/backup_api.hpp"
#include "net/binding_api.hpp"
#include "net/dev_clock_api.hpp"
#include "net/failed_attempts.hpp"
#include "net/http_server.hpp"
#include "net/monitor_api.hpp"
#include "net/origin_guard.hpp"
#include "net/rest_api.hpp"
#include "net/static_assets.hpp"
#include "service/access.hpp"
#include "service/kv_service.hpp"
#include "service/namespaces.hpp"
#include "service/sweeper.hpp"
#include "store/rocksdb_engine.hpp"

namespace cubby {
namespace {

namespace asio = boost::asio;

int complain(const Error& error) {
  std::cerr << "cubby: " << error.argument << '\n';
  return 1;
}

Result<std::unique_ptr<Engine>> open_engine(const ServeConfig& config) {
  if (!config.rados) {
    return open_rocksdb_engine({.data_directory = config.data_dir,
                                .cache_bytes = config.cache_bytes,
                                .durability = config.durability,
                                .disk_reserve_bytes = config.disk_reserve_bytes});
  }
  // Of the data directory, only the file of the first token is needed.
  std::error_code failed;
  std::filesystem::create_directories(config.data_dir, failed);
  if (failed) return fail(Errc::storage_failed, config.data_dir.string() + ": " + failed.message());
  return load_rados_engine(*config.rados);
}

Result<FirstStart> prepare(Engine& engine, const ServeConfig& config) {
  asio::io_context loop;
  Result<FirstStart> prepared = fail(Errc::internal, "the store did not answer");
  const auto task = [](Engine& store, const ServeConfig& settings, Result<FirstStart>& result) -> Task<void> {
    result = co_await prepare_store(store, settings);
  };
  spawn(loop, task(engine, config, prepared), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  loop.run();
  return prepared;
}

// The API comes last: whoever waits for that line finds everything up.
void announce(const FirstStart& start, const std::vector<std::string>& bindings, const std::string& api,
              bool is_tls) {
  const auto url = [is_tls](const std::string& address) {
    const char* const scheme = address.starts_with("unix:") ? "" : is_tls ? "https://" : "http://";
    return scheme + address;
  };
  std::cout << "account " << start.account.text() << '\n';
  if (start.token_file) {
    std::cout << "token file " << start.token_file->string() << '\n';
    // A secret belongs on a person's screen, not in the log that a service manager keeps.
    if (::isatty(STDOUT_FILENO)) std::cout << "token " << *start.new_token << '\n';
  }
  for (const std::string& each : bindings) std::cout << "binding " << url(each) << '\n';
  std::cout << "api " << url(api) << std::endl;
}

// The rules of a protocol, with what the operator has said.
ConnectionRules rules_for(const ServeConfig& config, ConnectionRules rules) {
  rules.slow_after = config.slow_request;
  rules.patience.idle = config.patience.idle;
  rules.patience.head = config.patience.head;
  rules.patience.body = config.patience.body;
  rules.patience.write = config.patience.write;
  return rules;
}

// Every connection is a file to the kernel, which allows few unless asked.
void raise_file_limit(const ServeConfig& config) {
  constexpr rlim_t files_of_the_store = 4096;
  const auto needed = (1 + config.binding_listen.size()) * config.max_connections + files_of_the_store;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(needed, limit.rlim_max));
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < needed)
    spdlog::warn("{} connections a listener need {} open files, and {} are allowed", config.max_connections,
                 needed, limit.rlim_cur);
}

// Where the binding listens.
Result<std::vector<std::string>> listen_for_workers(HttpServer& server, BindingApi& binding,
                                                    const ServeConfig& config, const TlsContext* tls) {
  std::vector<std::string> addresses;
  for (const ListenAddress& each : config.binding_listen) {
    auto address = server.listen({.address = each,
                                  .handler = binding,
                                  .rules = rules_for(config, binding_connection_rules()),
                                  .tls = tls,
                                  .connections_max = config.max_connections});
    if (address) {
      addresses.push_back(std::move(*address));
    } else if (config.is_binding_asked_for) {
      return address.error();
    } else {
      spdlog::warn("no worker binding: {}; --binding-listen names another address", address.error().argument);
    }
  }
  return addresses;
}

Result<std::unique_ptr<TlsContext>> open_tls(const ServeConfig& config) {
  if (config.tls) return TlsContext::open(*config.tls);
  const auto is_open_to_others = [](const ListenAddress& address) { return !is_local(address); };
  if (is_open_to_others(config.listen) || std::ranges::any_of(config.binding_listen, is_open_to_others))
    spdlog::warn("other machines may connect without TLS: tokens and values can be read on the way");
  return std::unique_ptr<TlsContext>();
}

Result<std::unique_ptr<AuditLog>> open_audit_log(const ServeConfig& config, const Clock& clock) {
  if (!config.audit) return std::unique_ptr<AuditLog>();
  return AuditLog::open(*config.audit, clock);
}

// What a SIGHUP asks for, each time. It also says that the terminal has gone, where the server was started in
// one; then it ends the server as SIGTERM does.
class Reload {
 public:
  Reload(asio::io_context& loop, TlsContext* tls, AuditLog* audit)
      : loop_(loop), signals_(loop, SIGHUP), tls_(tls), audit_(audit) {
    wait();
  }

  void stop() {
    is_stopped_ = true;
    signals_.cancel();
  }

 private:
  void wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      // A signal that has come before the stop is no error.
      if (error || is_stopped_) return;
      if (has_terminal_ && !::isatty(STDIN_FILENO)) return loop_.stop();
      reload();
      wait();
    });
  }

  void reload() {
    if (audit_) audit_->reopen();
    if (!tls_) return;
    if (const auto loaded = tls_->reload(); !loaded)
      spdlog::error("the certificate in use stays: {}", loaded.error().argument);
  }

  asio::io_context& loop_;
  asio::signal_set signals_;
  TlsContext* const tls_;  // null: none
  AuditLog* const audit_;  // null: none
  const bool has_terminal_ = ::isatty(STDIN_FILENO) != 0;
  bool is_stopped_ = false;
};

// Returns at the first signal that asks for an end. From then on the next one ends the process at once.
void wait_for_signal(asio::io_context& loop, asio::signal_set& signals) {
  signals.async_wait([&](const boost::system::error_code&, int) { loop.stop(); });
  loop.run();
}

void report_backup(const std::string& what) {
  spdlog::error("{}", what);
}

void report_sweep(const Error& error) {
  spdlog::error("expired values were not removed: {}", error.argument);
}

}  // namespace

int serve(const ServeConfig& config) {
  set_up_logging(config.log_format, config.log_level);
  std::signal(SIGPIPE, SIG_IGN);
  raise_file_limit(config);
  keep_to_itself();
  // Before any thread starts, so that no signal is lost.
  asio::io_context signal_loop;
  asio::signal_set signals(signal_loop, SIGINT, SIGTERM);

  if (config.durability == Durability::relaxed) {
    spdlog::warn("durability is relaxed: a crash of the machine may take acknowledged writes");
  }
  const auto tls = open_tls(config);
  if (!tls) return complain(tls.error());
  const SystemClock clock;
  const auto audit = open_audit_log(config, clock);
  if (!audit) return complain(audit.error());
  Reload reload(signal_loop, tls->get(), audit->get());
  auto engine = open_engine(config);
  if (!engine) return complain(engine.error());
  const auto start = prepare(**engine, config);
  if (!start) return complain(start.error());

  DevClock dev_clock(clock);
  NamespaceCalls calls;
  const KvSettings settings{.value_bytes_max = config.value_bytes_max,
                            .expiry_clock = config.dev_clock ? &dev_clock : nullptr,
                            .calls = &calls};
  const Clock& expiry_clock = config.dev_clock ? static_cast<const Clock&>(dev_clock) : clock;
  HttpServer server(config.threads, config.request_memory_bytes);
  KvService kv(**engine, clock, settings);
  Namespaces namespaces(**engine);
  SlowedRefusals refusals(clock);
  Access access(**engine, clock, config.admin_token, &refusals);
  Tokens tokens(**engine, clock);
  RestApi rest(kv, namespaces, access, tokens, calls, audit->get());
  DevClockApi rest_with_dev_clock(rest, access, dev_clock);
  HttpHandler& api = config.dev_clock ? static_cast<HttpHandler&>(rest_with_dev_clock) : rest;
  Monitor monitor(
      StoreWatch(**engine, expiry_clock), clock, [&server] { return server.traffic(); }, calls, audit->get());
  Backups backups(**engine, clock, config.backups);
  BackupApi backed_up_api(api, access, backups, audit->get());
  MonitorApi watched_api(backed_up_api, access, monitor, config.metrics_auth);
  StaticAssets site(console_assets(), watched_api);
  OriginGuard guarded_site(site, {.allowed = config.allowed_origins, .is_local = is_local(config.listen)});
  BindingApi binding(kv, namespaces, access,
                     {.account = start->account,
                      .auth = config.binding_auth,
                      .default_namespace = config.binding_namespace,
                      .creates_namespaces = config.auto_create_namespaces},
                     audit->get());

  const auto api_address = server.listen({.address = config.listen,
                                          .handler = guarded_site,
                                          .rules = rules_for(config, {}),
                                          .tls = tls->get(),
                                          .connections_max = config.max_connections});
  if (!api_address) return complain(api_address.error());
  const auto binding_addresses = listen_for_workers(server, binding, config, tls->get());
  if (!binding_addresses) return complain(binding_addresses.error());
  server.start();
  const auto rethrow = [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  };
  Sweeper sweeper(**engine, expiry_clock);
  spawn(signal_loop, sweeper.run(report_sweep), rethrow);
  spawn(signal_loop, monitor.run(), rethrow);
  spawn(signal_loop, backups.run(report_backup), rethrow);
  announce(*start, *binding_addresses, *api_address, config.tls.has_value());

  wait_for_signal(signal_loop, signals);
  // The default action of a signal is to end the process.
  signals.clear();
  reload.stop();
  spdlog::info("stopping: finishing requests in flight");
  backups.stop();
  server.stop(std::chrono::seconds(config.stop_seconds));
  sweeper.stop();
  monitor.stop();
  signal_loop.restart();
  signal_loop.run();  // to the end of what the sweeper has begun
  engine->reset();
  spdlog::info("stopped");
  return 0;
}

}  // namespace cubby
