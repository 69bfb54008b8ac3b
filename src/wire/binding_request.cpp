#include "wire/binding_request.hpp"

#include "core/limits.hpp"
#include "wire/names.hpp"
#include "wire/rest_request.hpp"
#include "wire/target.hpp"

namespace cubby {
namespace {

using Operation = BindingRequest::Operation;

// Takes `/ns/NAME` off the path, if it begins so; what is left begins with a slash again. `/ns` alone is a
// key.
std::optional<std::string_view> take_namespace(std::string_view& path) {
  if (!path.starts_with(names::binding_namespace_prefix)) return std::nullopt;
  const std::string_view rest = path.substr(names::binding_namespace_prefix.size());
  const auto slash = std::min(rest.find('/'), rest.size());
  path = slash == rest.size() ? "/" : rest.substr(slash);
  return rest.substr(0, slash);
}

Result<Operation> operation_on_key(Method method) {
  switch (method) {
    case Method::get:
      return Operation::get;
    case Method::put:
      return Operation::put;
    case Method::delete_:
      return Operation::remove;
    default:
      return fail(Errc::method_not_allowed);
  }
}

Result<Operation> operation_of(Method method, std::string_view path) {
  if (method == Method::other) return fail(Errc::method_not_allowed);  // CONNECT too, whose target is no path
  if (path == "/" && method == Method::get) return Operation::list;
  if (path == names::binding_bulk_get) {
    if (method == Method::post) return Operation::bulk_get;
    return fail(Errc::method_not_allowed);
  }
  const bool is_one_segment = path.starts_with('/') && path.find('/', 1) == path.npos;
  if (!is_one_segment) return fail(Errc::route_unknown, std::string(path));
  return operation_on_key(method);
}

class BindingValue final : public IncomingValue {
 public:
  BindingValue(const RequestHead& head, RequestBody& body) : head_(head), body_(body) {}

  Task<Result<std::string_view>> read() override {
    const auto piece = co_await body_.read();
    const bool is_at_end = piece && piece->empty();
    if (is_at_end && head_.is_chunked && !std::exchange(has_waited_, true)) {
      if (co_await body_.client_leaves_within(limits::truncated_stream_wait))
        co_return fail(Errc::client_gone);
    }
    co_return piece;
  }

  Result<std::optional<Metadata>> metadata() override {
    const auto& text = head_.proxied_url ? head_.proxied_metadata : head_.binding_metadata;
    if (!text) return std::optional<Metadata>{};
    return Metadata::parse(*text);
  }

 private:
  const RequestHead& head_;
  RequestBody& body_;
  bool has_waited_ = false;
};

}  // namespace

Result<BindingRequest> parse_binding_request(const RequestHead& head) {
  std::string_view path = path_of(head.target);
  const auto name_in_path = take_namespace(path);
  std::string_view target = head.target;
  if (head.proxied_url) {
    target = *head.proxied_url;
    path = path_of(target);
  }
  const auto operation = operation_of(head.method, path);
  if (!operation) return operation.error();
  BindingRequest request{*operation, std::nullopt, path.substr(1), Query(query_of(target))};
  if (head.binding_namespace) {
    request.namespace_name = *head.binding_namespace;
  } else if (name_in_path) {
    request.namespace_name = decode_path_segment(*name_in_path);
    if (!request.namespace_name) return fail(Errc::key_not_decodable);
  }
  if (const auto cache_ttl = request.query.get(names::query::cache_ttl)) {
    if (const auto checked = check_cache_ttl(*cache_ttl); !checked) return checked.error();
  }
  return request;
}

std::unique_ptr<IncomingValue> make_binding_value(const RequestHead& head, RequestBody& body) {
  return std::make_unique<BindingValue>(head, body);
}

}  // namespace cubby
