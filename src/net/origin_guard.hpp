// Keeps pages of other sites, in a user's browser, away from the API.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http_handler.hpp"

namespace cubby {

// An origin as browsers send it: `scheme://host` or `scheme://host:port`, in lower case, without the port
// that the scheme has anyway. Errors: internal, with a sentence for the operator; `null`, which any sandboxed
// page sends, is no origin here.
Result<std::string> parse_origin(std::string text);

struct OriginRules {
  std::vector<std::string> allowed{};  // other origins whose pages may call; as parse_origin gives them
  // Only this machine reaches the listener. A host name then says nothing about the page that calls: any site
  // can have its name resolved to a loopback address (DNS rebinding).
  bool is_local = true;
};

// Stands before every other handler of the API's listener. A request without `Origin` passes: programs send
// none, and of a browser's requests only those that a page may make anywhere lack it.
//   own origin      the one whose host is `Host`, given as an address or `localhost`, or, unless the listener
//                   is local, by any name: passes
//   allowed origin  passes, and the answer may be read by the page; a preflight is answered here
//   any other       403 (origin_refused), without a look at the rest of the request
// `next` outlives it.
class OriginGuard final : public HttpHandler {
 public:
  OriginGuard(HttpHandler& next, OriginRules rules) : next_(next), rules_(std::move(rules)) {}

  Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) override {
    return head.origin ? check(head, body, caller) : next_.handle(head, body, caller);
  }
  Response refusal(const Error& error) override { return next_.refusal(error); }

 private:
  Task<Response> check(const RequestHead& head, RequestBody& body, RememberedCaller& caller);
  bool is_own(const RequestHead& head) const;
  bool is_allowed(std::string_view origin) const;

  HttpHandler& next_;
  const OriginRules rules_;
};

}  // namespace cubby
