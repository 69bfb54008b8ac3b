// Listens on addresses and serves them from one event loop per core.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/limits.hpp"
#include "net/connection.hpp"
#include "net/http_handler.hpp"
#include "net/listening_socket.hpp"
#include "net/memory_budget.hpp"
#include "net/tls_context.hpp"
#include "net/traffic.hpp"

namespace cubby {

// One address, and who answers there how.
struct HttpListener {
  ListenAddress address = TcpAddress{"127.0.0.1", 0};
  HttpHandler& handler;  // outlives the server
  ConnectionRules rules{};
  const TlsContext* tls = nullptr;  // for TCP, outlives the server; null: plain, as unix sockets always are
  std::size_t connections_max = limits::connections_max_default;  // one more is answered with `overloaded`
};

// Used by one thread, the owner's, where nothing else is said.
class HttpServer {
 public:
  // All requests together hold at most so much memory beyond the little that each needs; what needs more is
  // answered with `overloaded`.
  explicit HttpServer(unsigned loops, std::size_t request_memory_bytes = limits::request_memory_bytes_min);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Takes the address; whoever connects from here on is served after `start`. Answers the address as bound:
  // HOST:PORT, with brackets around an IPv6 address, or unix:PATH. Errors: those of ListeningSocket::open.
  // REQUIRES: not started.
  Result<std::string> listen(const HttpListener& listener);

  void start();

  // What has passed since the start. Also for the loops' own threads.
  TrafficCounts traffic() const;

  // Refuses new connections, lets those that have come finish as their rules say, and returns when all have
  // ended, or after `patience`, when the rest are cut. Connections to an inherited socket are not refused but
  // left to whoever listens there next.
  void stop(std::chrono::steady_clock::duration patience);

 private:
  class Loop;

  MemoryBudget memory_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<ListeningSocket> sockets_;
};

}  // namespace cubby
