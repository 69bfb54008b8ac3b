// Every name that Cubby shares with its clients over HTTP, so that a misspelt one does not compile.
#pragma once

#include <string_view>

namespace cubby::names {

// Prefixes of the REST API: both are served, since wrangler and the SDKs take any base address.
inline constexpr std::string_view rest_prefix = "/client/v4";

// Ours, on the API listener.
inline constexpr std::string_view self = "self";  // in the place of an id: the caller's own token
inline constexpr std::string_view metrics = "/metrics";
inline constexpr std::string_view readiness = "/readyz";
inline constexpr std::string_view activity = "/cubby/v1/activity";
inline constexpr std::string_view backups = "/cubby/v1/backups";
inline constexpr std::string_view dev_clock = "/cubby/v1/dev/clock";

// Paths of the worker binding. A key's slashes are escaped, so no key is one of them.
inline constexpr std::string_view binding_bulk_get = "/bulk/get";
inline constexpr std::string_view binding_namespace_prefix = "/ns/";  // ours

namespace query {
inline constexpr std::string_view cache_ttl = "cache_ttl";  // of the binding
inline constexpr std::string_view cursor = "cursor";
inline constexpr std::string_view direction = "direction";
inline constexpr std::string_view expiration = "expiration";
inline constexpr std::string_view expiration_ttl = "expiration_ttl";
inline constexpr std::string_view key_count_limit = "key_count_limit";  // the binding's name of limit
inline constexpr std::string_view limit = "limit";
inline constexpr std::string_view order = "order";
inline constexpr std::string_view page = "page";
inline constexpr std::string_view per_page = "per_page";
inline constexpr std::string_view prefix = "prefix";
}  // namespace query

namespace field {                                             // of JSON bodies and of forms
inline constexpr std::string_view account_id = "account_id";  // ours
inline constexpr std::string_view advance = "advance";        // ours
inline constexpr std::string_view base64 = "base64";
inline constexpr std::string_view cache_ttl = "cacheTtl";  // of the binding
inline constexpr std::string_view expiration = "expiration";
inline constexpr std::string_view expiration_ttl = "expiration_ttl";
inline constexpr std::string_view jurisdiction = "jurisdiction";
inline constexpr std::string_view key = "key";
inline constexpr std::string_view key_prefix = "key_prefix";  // ours
inline constexpr std::string_view keys = "keys";
inline constexpr std::string_view metadata = "metadata";
inline constexpr std::string_view mode = "mode";
inline constexpr std::string_view name = "name";              // ours
inline constexpr std::string_view namespaces = "namespaces";  // ours
inline constexpr std::string_view now = "now";                // ours
inline constexpr std::string_view right = "right";            // ours
inline constexpr std::string_view sources = "sources";        // ours
inline constexpr std::string_view title = "title";
inline constexpr std::string_view type = "type";
inline constexpr std::string_view value = "value";
inline constexpr std::string_view with_metadata = "withMetadata";
}  // namespace field

namespace header {  // lower case: HTTP compares them without regard to case
inline constexpr std::string_view allow = "allow";
inline constexpr std::string_view auth_email = "x-auth-email";
inline constexpr std::string_view auth_key = "x-auth-key";
inline constexpr std::string_view authorization = "authorization";
inline constexpr std::string_view cache_control = "cache-control";
inline constexpr std::string_view content_type = "content-type";
inline constexpr std::string_view etag = "etag";
inline constexpr std::string_view expiration = "expiration";
inline constexpr std::string_view if_none_match = "if-none-match";
inline constexpr std::string_view namespace_ = "cubby-namespace";  // ours, of the binding
inline constexpr std::string_view kv_metadata = "cf-kv-metadata";  // of the binding
inline constexpr std::string_view proxied_metadata =
    "mf-header-cf-kv-metadata";  // of miniflare's remote proxy
inline constexpr std::string_view request_id = "x-request-id";
inline constexpr std::string_view traceparent = "traceparent";  // W3C Trace Context
inline constexpr std::string_view proxied_url = "mf-url";
inline constexpr std::string_view retry_after = "retry-after";
inline constexpr std::string_view should_retry = "x-should-retry";  // read by the official SDKs
inline constexpr std::string_view upgrade = "upgrade";
}  // namespace header

namespace media {
inline constexpr std::string_view json = "application/json";
inline constexpr std::string_view metrics = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view octets = "application/octet-stream";
inline constexpr std::string_view text = "text/plain;charset=UTF-8";
}  // namespace media

}  // namespace cubby::names
