#include "net/http_server.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace cubby {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
using Acceptor = asio::basic_socket_acceptor<tcp, LoopExecutor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;

constexpr asio::use_awaitable_t<LoopExecutor> use_task;
constexpr auto tick = std::chrono::seconds(1);  // how exact deadlines are
constexpr auto pause_after_accept_error =
    std::chrono::milliseconds(100);  // out of file descriptors, most likely

Result<tcp::endpoint> resolve(const std::string& host, std::uint16_t port) {
  asio::io_context context;
  ErrorCode error;
  const auto found = tcp::resolver(context).resolve(host, std::to_string(port), error);
  if (error || found.empty()) return fail(Errc::internal, "cannot resolve " + host + ": " + error.message());
  return found.begin()->endpoint();
}

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

// Several listeners share the port, so the kernel would let a second server share it too, silently. This asks
// whether it is free, and picks one for port 0.
Result<tcp::endpoint> reserve(const tcp::endpoint& wanted) {
  asio::io_context context;
  tcp::acceptor probe(context);
  ErrorCode error;
  probe.open(wanted.protocol(), error);
  if (!error) probe.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) probe.bind(wanted, error);
  if (!error) probe.listen(1, error);
  if (error) {
    return fail(Errc::internal, "cannot listen on " + text_of(wanted) + ": " + error.message());
  }
  return probe.local_endpoint();
}

}  // namespace

// One thread, one event loop, one listener, and the connections that it accepted.
class HttpServer::Loop {
 public:
  Loop(HttpHandler& handler, const ConnectionPatience& patience)
      : handler_(handler), patience_(patience), acceptor_(context_), timer_(context_) {}

  Result<void> listen(const tcp::endpoint& endpoint) {
    ErrorCode error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.set_option(ReusePort(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(Errc::internal, "cannot listen: " + error.message());
    return {};
  }

  void start() {
    spawn(accept());
    spawn(watch_deadlines());
    thread_ = std::thread([this] {
      context_.run();
      const std::scoped_lock lock(mutex_);
      has_ended_ = true;
      ended_.notify_all();
    });
  }

  void begin_stop() {
    asio::post(context_, [this] {
      is_stopping_ = true;
      ErrorCode ignored;
      acceptor_.close(ignored);
      for (auto& connection : connections_) connection.finish();
      if (connections_.empty()) timer_.cancel();
    });
  }

  void join(SteadyTime until) {
    if (!thread_.joinable()) return;
    std::unique_lock lock(mutex_);
    if (!ended_.wait_until(lock, until, [this] { return has_ended_; })) {
      asio::post(context_, [this] {
        for (auto& connection : connections_) connection.abort();
      });
    }
    lock.unlock();
    thread_.join();
  }

 private:
  // A coroutine that ends with the loop and not before; what escapes it is a mistake of ours.
  void spawn(Task<void> task) {
    asio::co_spawn(context_, std::move(task), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }

  Task<void> accept() {
    while (!is_stopping_) {
      ErrorCode error;
      asio::basic_stream_socket<tcp, LoopExecutor> socket(context_);
      co_await acceptor_.async_accept(socket, asio::redirect_error(use_task, error));
      if (is_stopping_) break;
      if (error) {
        spdlog::warn("cannot accept a connection: {}", error.message());
        Timer pause(context_, pause_after_accept_error);
        co_await pause.async_wait(asio::redirect_error(use_task, error));
        continue;
      }
      serve(std::move(socket));
    }
  }

  void serve(SocketStream::Socket socket) {
    const auto connection = connections_.emplace(connections_.end(), std::move(socket), handler_, patience_);
    asio::co_spawn(context_, connection->run(), [this, connection](std::exception_ptr failure) {
      connections_.erase(connection);
      if (is_stopping_ && connections_.empty()) timer_.cancel();
      if (failure) log(failure);
    });
  }

  static void log(const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      spdlog::error("a connection ended in an exception: {}", error.what());
    }
  }

  Task<void> watch_deadlines() {
    while (!is_stopping_ || !connections_.empty()) {
      ErrorCode ignored;
      timer_.expires_after(tick);
      co_await timer_.async_wait(asio::redirect_error(use_task, ignored));
      const auto now = std::chrono::steady_clock::now();
      for (auto& connection : connections_) connection.check_deadline(now);
    }
  }

  HttpHandler& handler_;
  const ConnectionPatience& patience_;
  asio::io_context context_{1};
  Acceptor acceptor_;
  Timer timer_;
  std::list<Connection> connections_;
  bool is_stopping_ = false;

  std::thread thread_;
  std::mutex mutex_;  // guards has_ended_
  std::condition_variable ended_;
  bool has_ended_ = false;
};

HttpServer::HttpServer(HttpHandler& handler, HttpServerOptions options)
    : handler_(handler), options_(std::move(options)) {}

HttpServer::~HttpServer() {
  stop({});
}

Result<void> HttpServer::start() {
  const auto wanted = resolve(options_.host, options_.port);
  if (!wanted) return wanted.error();
  const auto endpoint = reserve(*wanted);
  if (!endpoint) return endpoint.error();
  for (unsigned i = 0; i < options_.loops; ++i) {
    auto& loop = loops_.emplace_back(std::make_unique<Loop>(handler_, options_.patience));
    if (const auto listening = loop->listen(*endpoint); !listening) return listening;
  }
  for (auto& loop : loops_) loop->start();
  address_ = text_of(*endpoint);
  return {};
}

void HttpServer::stop(std::chrono::steady_clock::duration patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (auto& loop : loops_) loop->begin_stop();
  for (auto& loop : loops_) loop->join(until);
  loops_.clear();
}

}  // namespace cubby
