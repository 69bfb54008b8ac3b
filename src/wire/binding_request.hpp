// Requests of the worker binding: what workerd sends for the calls of `env.NAMESPACE`. What it says in the
// same way as the REST API (keys, expiries, lists, bulk gets) is decoded by rest_request.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/operation.hpp"
#include "wire/http_message.hpp"
#include "wire/percent.hpp"

namespace cubby {

struct BindingRequest {
  enum class Operation { get, put, remove, list, bulk_get };

  Operation operation = Operation::get;
  std::optional<std::string> namespace_name;  // an id or a title; nothing: the request does not say
  std::string_view key_segment;               // of get, put and remove; as sent
  Query query;
};

// Finds the call in the target, before anything is decoded: `/` is a list, `/bulk/get` a bulk get, `/KEY` a
// key, each of them perhaps behind `/ns/NAME`. In the remote-proxy form of miniflare the target has the
// namespace alone, and a header the URL of the call. The result has views of `head`.
//
// Errors: route_unknown, method_not_allowed, key_not_decodable (the name of a namespace),
// cache_ttl_too_short.
Result<BindingRequest> parse_binding_request(const RequestHead& head);

// The value of a put, and the metadata from its header. Content types mean nothing here.
//
// A Worker's stream that fails in the middle looks complete on the wire if its workerd is older than October
// 2026: the body ends as it should, and about 0.3 ms later the connection closes. So the end of a chunked
// body counts only if the client is still there a little later; otherwise `read` answers client_gone, and
// nothing is stored. `head` and `body` outlive what is returned.
std::unique_ptr<IncomingValue> make_binding_value(const RequestHead& head, RequestBody& body);

}  // namespace cubby
