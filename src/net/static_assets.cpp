#include "net/static_assets.hpp"

#include "wire/names.hpp"
#include "wire/rest_response.hpp"
#include "wire/target.hpp"

namespace cubby {
namespace {

// The page runs what came with it and talks to the server that it came from, and nobody may frame it.
// Pictures stored as values are shown from memory: `blob:`. Nothing in it makes HTML out of text, and Trusted
// Types hold it to that.
constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

Response describe(const StaticAsset& asset) {
  Response response;
  response.content_type = asset.media_type;
  const auto add = [&](std::string_view name, std::string_view value) {
    response.headers.emplace_back(name, std::string(value));
  };
  add(names::header::etag, asset.etag);
  add(names::header::cache_control, asset.is_kept ? "public, max-age=31536000, immutable" : "no-cache");
  add("content-security-policy", content_security_policy);
  add("cross-origin-opener-policy", "same-origin");
  add("cross-origin-resource-policy", "same-origin");
  add("referrer-policy", "no-referrer");
  add("x-content-type-options", "nosniff");
  // To everybody: whoever loads a script is a browser, and all browsers take gzip.
  if (asset.is_kept) add("content-encoding", "gzip");
  return response;
}

Task<Response> answer(const StaticAsset& asset, const RequestHead& head) {
  Response response = describe(asset);
  response.kind = RequestKind::operations;  // not counted as held: see below
  if (head.if_none_match && is_listed(*head.if_none_match, asset.etag)) {
    response.status = 304;
    response.content_type = {};
  } else {
    // The program has them anyway: they are not copied.
    response.pinned_body =
        PinnedBytes(nullptr, {reinterpret_cast<const char*>(asset.bytes.data()), asset.bytes.size()});
  }
  co_return response;
}

}  // namespace

Task<Response> StaticAssets::handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) {
  if (const StaticAsset* asset = find(head)) return answer(*asset, head);
  return next_.handle(head, body, caller);
}

const StaticAsset* StaticAssets::find(const RequestHead& head) const {
  if (head.method != Method::get && head.method != Method::head) return nullptr;
  const std::string_view path = path_of(head.target);
  for (const StaticAsset& asset : assets_) {
    if (asset.path == path) return &asset;
  }
  return nullptr;
}

}  // namespace cubby
