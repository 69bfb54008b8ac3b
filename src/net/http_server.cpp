#include "net/http_server.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <functional>
#include <limits>
#include <list>
#include <mutex>
#include <thread>

#include "core/use_task.hpp"
#include "net/connection_limit.hpp"

namespace cubby {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol, LoopExecutor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;

constexpr auto tick = std::chrono::seconds(1);  // how exact deadlines are
constexpr unsigned deadlines_in_a_row = 256;    // are looked at before others on the loop get a turn
constexpr std::size_t accepted_in_a_row = 16;   // of those that have connected already
constexpr auto warning_pause = std::chrono::seconds(10);
// Of one loop and listener, those above the limit that get an answer; more are closed at once.
constexpr std::size_t refused_connections_max = 64;
constexpr auto pause_after_accept_error =
    std::chrono::milliseconds(100);  // out of file descriptors, most likely

}  // namespace

// One thread, one event loop, its share of every listener, and the connections that it accepted.
class HttpServer::Loop {
 public:
  explicit Loop(MemoryBudget& memory) : memory_(memory) {}

  // What `listener` names outlives the loop.
  void listen(Descriptor descriptor, const HttpListener& listener, const TlsContext* tls,
              std::shared_ptr<ConnectionLimit> limit, const ListeningSocket& socket) {
    // Of the family, nothing depends on it once a socket is bound.
    Acceptor acceptor(context_, asio::generic::stream_protocol(AF_UNSPEC, 0), descriptor.release());
    // Otherwise Asio waits for the next connection where one has gone before it was accepted.
    acceptor.set_option(asio::socket_base::enable_connection_aborted(true));
    acceptor.non_blocking(true);
    listeners_.push_back({std::move(acceptor), listener.handler, listener.rules, tls, socket.is_inherited(),
                          socket.is_shared(), std::move(limit)});
  }

  void start() {
    for (Listener& each : listeners_) run(accept(each));
    run(watch_deadlines());
    thread_ = std::thread([this] {
      context_.run();
      const std::scoped_lock lock(mutex_);
      has_ended_ = true;
      ended_.notify_all();
    });
  }

  const Traffic& traffic() const { return traffic_; }

  void begin_stop() {
    asio::post(context_, [this] {
      is_stopping_ = true;
      for (Listener& each : listeners_) close(each);
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
  void run(Task<void> task) {
    spawn(context_, std::move(task), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }

  struct Listener {
    Acceptor acceptor;
    HttpHandler& handler;
    const ConnectionRules rules;
    const TlsContext* const tls;  // null: plain
    const bool is_inherited;
    const bool is_shared;                          // with the other loops, which take their turns
    const std::shared_ptr<ConnectionLimit> limit;  // of all loops
    std::size_t refused_count = 0;                 // connections above it that are being answered
  };

  Task<void> accept(Listener& listener) {
    while (!is_stopping_) {
      SocketStream::Socket socket(context_);
      const auto [error] = co_await listener.acceptor.async_accept(socket, use_task);
      if (!error) {
        serve(std::move(socket), listener);
        if (!listener.is_shared) serve_who_waits(listener, accepted_in_a_row - 1);
      } else if (!is_stopping_) {
        spdlog::warn("cannot accept a connection: {}", error.message());
        Timer pause(context_, pause_after_accept_error);
        co_await pause.async_wait(use_task);
      }
    }
  }

  // Whoever has connected already is served: to them the server had not begun to stop. Where the socket is
  // inherited they wait for its next owner.
  void close(Listener& listener) {
    if (!listener.is_inherited) serve_who_waits(listener, std::numeric_limits<std::size_t>::max());
    ErrorCode ignored;
    listener.acceptor.close(ignored);
  }

  void serve_who_waits(Listener& listener, std::size_t count_max) {
    ErrorCode error;
    for (; count_max > 0; --count_max) {
      SocketStream::Socket socket(context_);
      listener.acceptor.accept(socket, error);
      if (error) return;
      serve(std::move(socket), listener);
    }
  }

  void serve(SocketStream::Socket socket, Listener& listener) {
    if (listener.limit->enter() || replace_idle(listener)) {
      admit(std::move(socket), listener, Connection::Admission::served,
            [&listener] { listener.limit->leave(); });
      return;
    }
    warn_of_limit();
    if (listener.refused_count == refused_connections_max) return;
    ++listener.refused_count;
    admit(std::move(socket), listener, Connection::Admission::refused,
          [&listener] { --listener.refused_count; });
  }

  void admit(SocketStream::Socket socket, const Listener& listener, Connection::Admission admission,
             std::function<void()> leave) {
    auto tls = listener.tls ? listener.tls->begin(socket.native_handle()) : nullptr;
    const auto connection =
        connections_.emplace(connections_.end(), SocketStream(std::move(socket), std::move(tls), turnstile_),
                             listener.handler, listener.rules, traffic_, memory_, admission);
    if (is_stopping_) connection->finish();
    auto end = [this, connection, leave = std::move(leave)](std::exception_ptr failure) {
      keep_for_check_after(connection);
      connections_.erase(connection);
      leave();
      if (is_stopping_ && connections_.empty()) timer_.cancel();
      if (failure) log(failure);
    };
    spawn(context_, connection->run(), std::move(end));
  }

  // Whoever says nothing makes room for who may have something to say: of the first connections, which are
  // the oldest, the one that has been idle for longest ends. Those that were looked at go to the end, so the
  // work is bounded and all get their turn.
  bool replace_idle(const Listener& listener) {
    const auto until = std::chrono::steady_clock::now() - listener.rules.patience.undisturbed;
    Connection* longest = nullptr;
    SteadyTime longest_since = until;
    for (auto count = std::min(connections_.size(), limits::idle_connections_compared); count > 0; --count) {
      Connection& each = connections_.front();
      const auto since = each.idle_since(listener.rules);
      if (since && *since <= longest_since && !each.has_input()) {
        longest = &each;
        longest_since = *since;
      }
      keep_for_check_after(connections_.begin());
      connections_.splice(connections_.end(), connections_, connections_.begin());
    }
    if (!longest) return false;
    listener.limit->enter_for_another();
    longest->end_idle();
    return true;
  }

  void warn_of_limit() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_warning_) return;
    next_warning_ = now + warning_pause;
    spdlog::warn("a connection is refused: there are as many as --max-connections allows");
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
      timer_.expires_after(tick);
      co_await timer_.async_wait(use_task);
      co_await check_deadlines();
    }
  }

  // Those that came together are also late together, and to end ten thousand takes a while: others get their
  // turn after each.
  Task<void> check_deadlines() {
    auto now = std::chrono::steady_clock::now();
    unsigned in_a_row = 0;
    for (next_check_ = connections_.begin(); next_check_ != connections_.end();) {
      const bool is_late = (next_check_++)->check_deadline(now);
      if (!is_late && ++in_a_row < deadlines_in_a_row) continue;
      co_await asio::post(context_, use_task);
      now = std::chrono::steady_clock::now();
      in_a_row = 0;
    }
  }

  // Before a connection goes, or goes to the end.
  void keep_for_check_after(std::list<Connection>::iterator connection) {
    if (next_check_ == connection) ++next_check_;
  }

  MemoryBudget& memory_;
  Traffic traffic_;
  asio::io_context context_{1};
  Turnstile turnstile_{context_};
  Timer timer_{context_};
  std::list<Listener> listeners_;
  std::list<Connection> connections_;
  std::list<Connection>::iterator next_check_ = connections_.end();  // of deadlines
  bool is_stopping_ = false;
  SteadyTime next_warning_{};

  std::thread thread_;
  std::mutex mutex_;  // guards has_ended_
  std::condition_variable ended_;
  bool has_ended_ = false;
};

HttpServer::HttpServer(unsigned loops, std::size_t request_memory_bytes) : memory_(request_memory_bytes) {
  for (unsigned i = 0; i < loops; ++i) loops_.push_back(std::make_unique<Loop>(memory_));
}

HttpServer::~HttpServer() {
  stop({});
}

Result<std::string> HttpServer::listen(const HttpListener& listener) {
  auto socket = ListeningSocket::open(listener.address, static_cast<unsigned>(loops_.size()));
  if (!socket) return socket.error();
  auto descriptors = socket->take_descriptors();
  const TlsContext* const tls = socket->is_unix() ? nullptr : listener.tls;
  const auto limit = std::make_shared<ConnectionLimit>(listener.connections_max);
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_[i]->listen(std::move(descriptors[i]), listener, tls, limit, *socket);
  }
  return sockets_.emplace_back(std::move(*socket)).address();
}

void HttpServer::start() {
  for (auto& loop : loops_) loop->start();
}

TrafficCounts HttpServer::traffic() const {
  TrafficCounts sum;
  for (const auto& loop : loops_) loop->traffic().add_to(sum);
  sum.request_memory_bytes = memory_.taken();
  return sum;
}

void HttpServer::stop(std::chrono::steady_clock::duration patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (auto& socket : sockets_) socket.remove_file();
  for (auto& loop : loops_) loop->begin_stop();
  for (auto& loop : loops_) loop->join(until);
  loops_.clear();
  sockets_.clear();
}

}  // namespace cubby
