// What answers the requests of a listener.
#pragma once

#include "core/task.hpp"
#include "wire/http_message.hpp"

namespace cubby {

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // Called from every loop at once. What it leaves unread of the body, the connection reads and drops.
  // An exception becomes a 500 at the connection; expected failures are answers.
  // `head` and `body` live until the answer is given.
  virtual Task<Response> handle(const RequestHead& head, RequestBody& body) = 0;

  // How this handler's protocol says an error that the connection met: bytes that are no request, a client
  // that is too slow, an exception.
  virtual Response refusal(const Error& error) = 0;
};

}  // namespace cubby
