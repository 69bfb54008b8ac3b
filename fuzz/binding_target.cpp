// Targets of the binding: a key comes back from its URL, and each form of a target says the same.
#include "fuzz/fuzz.hpp"
#include "wire/binding_request.hpp"
#include "wire/rest_request.hpp"

namespace cubby::fuzz {
namespace {

// As encodeURIComponent writes it.
std::string escape(std::string_view key) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";
  std::string text;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain.find(c) != plain.npos)
      text += c;
    else
      text += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
  }
  return text;
}

RequestHead head_of(Method method, std::string_view target) {
  RequestHead head;
  head.method = method;
  head.method_text = "ANY";
  head.target = target;
  return head;
}

void check_key(std::string_view key) {
  const std::string target = "/" + escape(key) + "?urlencoded=true&prefix=" + escape(key);
  const RequestHead head = head_of(Method::get, target);
  const auto request = parse_binding_request(head);
  require(request.has_value(), "an escaped key is a call");
  require(request->query.get("prefix") == key, "an escaped parameter comes back");
  if (key.empty()) {
    require(request->operation == BindingRequest::Operation::list, "no key is a list");
    return;
  }
  require(request->operation == BindingRequest::Operation::get, "a key is a get");
  const auto parsed = parse_key_segment(request->key_segment);
  const auto expected = Key::parse(std::string(key));
  require(parsed.has_value() == expected.has_value(), "what is a key is one when it is escaped");
  require(parsed ? *parsed == *expected : parsed.error().code == expected.error().code, "a key comes back");

  const std::string placed_target = "/ns/" + escape(key) + target;
  const RequestHead placed_head = head_of(Method::get, placed_target);
  const auto placed = parse_binding_request(placed_head);
  require(placed && placed->namespace_name == key && placed->key_segment == request->key_segment,
          "a namespace comes back");
}

void require_same(const Result<BindingRequest>& a, const Result<BindingRequest>& b) {
  require(a.has_value() == b.has_value(), "each form of a target is taken, or none");
  if (!a) {
    require(a.error().code == b.error().code, "each form of a target fails for one reason");
    return;
  }
  require(a->operation == b->operation && a->namespace_name == b->namespace_name &&
              a->key_segment == b->key_segment && a->query.get("prefix") == b->query.get("prefix") &&
              a->query.malformed() == b->query.malformed(),
          "each form of a target says the same");
}

void check(Input input) {
  constexpr Method methods[] = {Method::get,  Method::head,    Method::put,
                                Method::post, Method::delete_, Method::other};
  const Method method = methods[input.number(5)];
  const std::string target(input.rest());
  check_key(target);
  const RequestHead head = head_of(method, target);
  const auto request = parse_binding_request(head);
  if (request) (void)parse_key_segment(request->key_segment);
  if (!target.starts_with('/')) return;
  const std::string absolute = "https://fake-host" + target;
  const RequestHead absolute_head = head_of(method, absolute);
  require_same(request, parse_binding_request(absolute_head));
  // The remote-proxy form of miniflare, in which the target itself says nothing.
  RequestHead proxied = head_of(method, "/");
  proxied.proxied_url = absolute;
  if (!target.starts_with("/ns/")) require_same(request, parse_binding_request(proxied));
}

}  // namespace
}  // namespace cubby::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  cubby::fuzz::check({bytes, size});
  return 0;
}
