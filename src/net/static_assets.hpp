// The files of the web console, compiled into the program, in front of the API on one listener.
#pragma once

#include <span>
#include <string_view>

#include "net/http_handler.hpp"

namespace cubby {

// One file. All its parts live as long as the program.
struct StaticAsset {
  std::string_view path;  // in origin form, matched as a whole
  std::string_view media_type;
  std::string_view etag;  // with its quotes
  std::span<const unsigned char> bytes;
  bool is_kept = false;  // named by its content and gzipped: browsers may keep it for ever
};

// The console, or nothing if the program was built without it (CUBBY_CONSOLE). Defined by the build.
std::span<const StaticAsset> console_assets();

// Answers GET and HEAD of an asset's path, without asking who is calling; everything else is `next`'s.
// `assets` and `next` must outlive it.
class StaticAssets final : public HttpHandler {
 public:
  StaticAssets(std::span<const StaticAsset> assets, HttpHandler& next) : assets_(assets), next_(next) {}

  Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) override;
  Response refusal(const Error& error) override { return next_.refusal(error); }

 private:
  const StaticAsset* find(const RequestHead& head) const;

  const std::span<const StaticAsset> assets_;
  HttpHandler& next_;
};

}  // namespace cubby
