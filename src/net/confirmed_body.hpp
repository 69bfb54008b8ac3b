// The body of a request that may take long to come.
#pragma once

#include "service/access.hpp"
#include "wire/http_message.hpp"

namespace cubby {

// Ends with token_refused when the token, which was valid at the head, has been revoked or has expired since:
// what arrives after that changes nothing.
class ConfirmedBody final : public RequestBody {
 public:
  // All outlive this. REQUIRES: `caller` is authenticated.
  ConfirmedBody(RequestBody& body, Access& access, const RememberedCaller& caller)
      : body_(body), access_(access), caller_(caller), generation_(caller.access_generation) {}

  void keep_all() override { body_.keep_all(); }
  void allow(std::uint64_t bytes_max) override { body_.allow(bytes_max); }
  Result<void> hold(std::size_t bytes) override { return body_.hold(bytes); }
  Task<bool> client_leaves_within(std::chrono::milliseconds time) override {
    return body_.client_leaves_within(time);
  }

  Task<Result<std::string_view>> read() override {
    auto piece = co_await body_.read();
    if (!piece) co_return piece;
    if (const auto confirmed = co_await access_.confirm(caller_, generation_); !confirmed)
      co_return confirmed.error();
    co_return piece;
  }

 private:
  RequestBody& body_;
  Access& access_;
  const RememberedCaller& caller_;
  std::uint64_t generation_;  // of the tokens, when the caller was found to be let in
};

}  // namespace cubby
