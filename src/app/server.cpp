#include "app/server.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "app/first_start.hpp"
#include "net/http_server.hpp"
#include "net/rest_api.hpp"
#include "net/static_assets.hpp"
#include "service/access.hpp"
#include "service/kv_service.hpp"
#include "service/namespaces.hpp"
#include "store/rocksdb_engine.hpp"

namespace cubby {
namespace {

namespace asio = boost::asio;

int complain(const Error& error) {
  std::cerr << "cubby: " << error.argument << '\n';
  return 1;
}

Result<FirstStart> prepare(Engine& engine, const ServeConfig& config) {
  asio::io_context loop;
  Result<FirstStart> prepared = fail(Errc::internal, "the store did not answer");
  const auto task = [](Engine& store, const ServeConfig& settings, Result<FirstStart>& result) -> Task<void> {
    result = co_await prepare_store(store, settings);
  };
  asio::co_spawn(loop, task(engine, config, prepared), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  loop.run();
  return prepared;
}

void announce(const FirstStart& start, const std::string& address) {
  std::cout << "account " << start.account.text() << '\n';
  if (start.token_file) {
    std::cout << "token file " << start.token_file->string() << '\n';
    // A secret belongs on a person's screen, not in the log that a service manager keeps.
    if (::isatty(STDOUT_FILENO)) std::cout << "token " << *start.new_token << '\n';
  }
  std::cout << "api http://" << address << std::endl;
}

// Returns at the first signal that asks for an end. From then on the next one ends the process at once.
void wait_for_signal(asio::io_context& loop, asio::signal_set& signals) {
  signals.async_wait([&](const boost::system::error_code&, int) { loop.stop(); });
  loop.run();
}

}  // namespace

int serve(const ServeConfig& config) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("cubby"));
  std::signal(SIGPIPE, SIG_IGN);
  // Before any thread starts, so that no signal is lost.
  asio::io_context signal_loop;
  asio::signal_set signals(signal_loop, SIGINT, SIGTERM);

  auto engine = open_rocksdb_engine({.data_directory = config.data_dir});
  if (!engine) return complain(engine.error());
  const auto start = prepare(**engine, config);
  if (!start) return complain(start.error());

  const SystemClock clock;
  KvService kv(**engine, clock);
  Namespaces namespaces(**engine);
  Access access(**engine, clock, config.admin_token);
  RestApi api(kv, namespaces, access);
  StaticAssets site(console_assets(), api);
  HttpServer server(site, {.host = config.listen.host, .port = config.listen.port, .loops = config.threads});
  if (const auto started = server.start(); !started) return complain(started.error());
  announce(*start, server.address());

  wait_for_signal(signal_loop, signals);
  // The default action of a signal is to end the process.
  signals.clear();
  spdlog::info("stopping: finishing requests in flight");
  server.stop(std::chrono::seconds(config.stop_seconds));
  engine->reset();
  spdlog::info("stopped");
  return 0;
}

}  // namespace cubby
