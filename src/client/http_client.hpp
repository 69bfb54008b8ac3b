// Calls over HTTP and HTTPS to one server, again where that is safe and may help.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/failure.hpp"
#include "client/rate_limit.hpp"
#include "client/upload.hpp"

namespace cubby::client {

// Where and as whom. Shared by all clients of a command, and outlives them.
struct Connection {
  std::string base_url;  // without a slash at its end
  std::string token;
  std::string ca_file{};  // PEM; empty: the system's authorities
  unsigned retries = 5;   // after the first attempt
  std::shared_ptr<Pacer> pacer;
};

struct HttpRequest {
  std::string method = "GET";
  std::string target{};        // after the base URL, escaped
  std::string content_type{};  // of the body
  std::string body{};
  Upload* upload = nullptr;  // instead of `body`; if `metadata` is given they are the two parts of a form
  std::optional<std::string> metadata{};
  // Whether to carry it out twice is as good as once. If not, it is sent again only where the server cannot
  // have carried it out.
  bool is_repeatable = true;
  // Whether to wait for the answer as long as the connection lives; otherwise silence ends the call.
  bool is_patient = false;
  // Takes the body of a successful answer instead of `HttpAnswer::body`. False stops the call.
  std::function<bool(std::string_view piece)> sink{};
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body{};
  std::string expiration{};  // the header
  std::optional<std::chrono::seconds> retry_after{};
  std::optional<bool> should_retry{};  // the header x-should-retry

  bool is_success() const { return status >= 200 && status < 300; }
};

// How long to wait before the next attempt: what the server asks for, or twice as long each time, up to 8 s.
// Nothing if another attempt is not safe or can change nothing. `answer` is null if there was none; `is_sent`
// is whether the server may have the request.
std::optional<std::chrono::milliseconds> wait_before_retry(const HttpAnswer* answer, bool is_sent,
                                                           bool is_repeatable, unsigned attempt);

// One connection, kept open from call to call; used by one thread at a time.
class HttpClient {
 public:
  explicit HttpClient(const Connection& connection);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any answer of the server is a success here, whatever its status.
  // Errors: other, if there is no answer.
  Outcome<HttpAnswer> send(const HttpRequest& request);

  const Connection& connection() const { return connection_; }

 private:
  struct Attempt;
  Attempt attempt(const HttpRequest& request);

  const Connection& connection_;
  void* curl_;
};

}  // namespace cubby::client
