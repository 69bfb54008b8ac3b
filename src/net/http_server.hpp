// Listens on an address and serves it from one event loop per core.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "net/connection.hpp"
#include "net/http_handler.hpp"

namespace cubby {

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // an address or a name that resolves to one
  std::uint16_t port = 0;          // 0 picks a free one
  unsigned loops = 1;
  ConnectionPatience patience{};
};

// `start` and `stop` are called by one thread, the owner's.
class HttpServer {
 public:
  HttpServer(HttpHandler& handler, HttpServerOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Accepts connections from here on. Errors: internal, with a sentence for the operator (the address is
  // taken, unknown or not ours).
  Result<void> start();

  // HOST:PORT as bound, with brackets around an IPv6 address. REQUIRES: started.
  const std::string& address() const { return address_; }

  // Refuses new connections, ends idle ones, and returns when those in the middle of a request have answered
  // it, or after `patience`, when the rest are cut.
  void stop(std::chrono::steady_clock::duration patience);

 private:
  class Loop;

  HttpHandler& handler_;
  const HttpServerOptions options_;
  std::string address_;
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace cubby
