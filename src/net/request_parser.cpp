#include "net/request_parser.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <cctype>

#include "core/limits.hpp"
#include "wire/names.hpp"

namespace cubby {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t chunk_extension_bytes_max = 256;
constexpr char delete_byte = '\x7F';

Method to_method(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::get;
    case http::verb::head:
      return Method::head;
    case http::verb::put:
      return Method::put;
    case http::verb::post:
      return Method::post;
    case http::verb::delete_:
      return Method::delete_;
    default:
      return Method::other;
  }
}

// Whether the line goes on in the next one ("obs-fold"). Beast then gives a copy of the value, or a view with
// a line end before it. REQUIRES: the name is a view of the head.
bool is_folded(boost::beast::string_view name, boost::beast::string_view value) {
  const auto gap = reinterpret_cast<std::uintptr_t>(value.data()) -
                   reinterpret_cast<std::uintptr_t>(name.data()) - name.size();
  if (gap <= 2) return false;  // the colon, and mostly a space
  if (gap > limits::binding_head_bytes_max) return true;
  return std::string_view(name.data() + name.size(), gap).find('\n') != std::string_view::npos;
}

// A URL of ours: `http://` or `https://`, and a host.
bool is_absolute_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    const auto start = target.substr(0, scheme.size());
    if (!boost::beast::iequals({start.data(), start.size()}, {scheme.data(), scheme.size()})) continue;
    return target.size() > scheme.size() && target[scheme.size()] != '/' && target[scheme.size()] != '?';
  }
  return false;
}

// The value of a Host: a name or an address, and maybe a port (RFC 9112, 3.2). Nothing is a host too.
bool is_host(std::string_view text) {
  const auto is_all = [](std::string_view part, int (*is_kind)(int), std::string_view others) {
    return std::all_of(part.begin(), part.end(), [=](unsigned char c) {
      return c < 0x80 && (is_kind(c) || others.find(static_cast<char>(c)) != others.npos);
    });
  };
  const bool is_address = text.starts_with('[');
  const auto name_end = is_address ? text.find(']') : std::min(text.find(':'), text.size());
  if (name_end == text.npos) return false;
  const std::string_view port = text.substr(name_end + (is_address ? 1 : 0));
  const bool is_name = is_address ? is_all(text.substr(1, name_end - 1), std::isxdigit, ".:")
                                  : is_all(text.substr(0, name_end), std::isalnum, "-._~%!$&'()*+,;=");
  if (!is_name || port.empty()) return is_name;
  if (!port.starts_with(':')) return false;
  return is_all(port.substr(1), std::isdigit, "");
}

void keep_first(std::optional<std::string_view>& kept, boost::beast::string_view value) {
  if (!kept) kept.emplace(value.data(), value.size());
}

}  // namespace

RequestParser::RequestParser(std::size_t head_bytes_max) {
  header_limit(static_cast<std::uint32_t>(head_bytes_max));
  body_limit(boost::none);  // the connection counts, since the limit depends on the caller
}

void RequestParser::hide_delete_bytes(std::span<char> head) {
  std::array<bool, 256> has{};
  for (const char byte : head) has[static_cast<unsigned char>(byte)] = true;
  if (!has[static_cast<unsigned char>(delete_byte)]) return;
  std::size_t stand_in = 0xFF;
  while (stand_in >= 0x80 && has[stand_in]) --stand_in;
  if (stand_in < 0x80) return;
  stand_in_for_delete_ = static_cast<char>(stand_in);
  hidden_delete_bytes_ = head;
  std::replace(head.begin(), head.end(), delete_byte, stand_in_for_delete_);
}

void RequestParser::on_request_impl(http::verb method, View method_text, View target, int version,
                                    ErrorCode& error) {
  error = {};
  head_.method = to_method(method);
  head_.method_text = {method_text.data(), method_text.size()};
  head_.target = {target.data(), target.size()};
  version_ = version;
}

void RequestParser::on_field_impl(Field field, View name, View value, ErrorCode& error) {
  error = {};
  if (is_folded(name, value)) {
    error = http::error::bad_value;
    return;
  }
  if (is_in_trailer_) {  // nothing that we act on may come after the body
    trailer_bytes_ += name.size() + value.size() + std::string_view(": \r\n").size();
    if (trailer_bytes_ > limits::request_head_bytes_max) error = http::error::header_limit;
    return;
  }
  switch (field) {
    case Field::authorization:
      return keep_first(head_.authorization, value);
    case Field::content_type:
      return keep_first(head_.content_type, value);
    case Field::if_none_match:
      return keep_first(head_.if_none_match, value);
    case Field::host:
      ++hosts_;
      return keep_first(head_.host, value);
    case Field::origin:
      return keep_first(head_.origin, value);
    case Field::content_length:
      content_lengths_ += 1 + static_cast<int>(std::count(value.begin(), value.end(), ','));
      return;
    case Field::upgrade:
      head_.asks_to_upgrade = true;
      return;
    case Field::transfer_encoding:
      ++transfer_encodings_;
      head_.is_chunked = is_plain_chunked_ = boost::beast::iequals(value, "chunked");
      return;
    case Field::expect:
      expects_continue_ = boost::beast::iequals(value, "100-continue");
      return;
    case Field::unknown:
      return keep_own_field(name, value);
    default:
      return;
  }
}

void RequestParser::keep_own_field(View name, View value) {
  struct OwnField {
    std::string_view name;
    std::optional<std::string_view> RequestHead::*kept;
  };
  static constexpr OwnField own_fields[] = {
      {names::header::auth_email, &RequestHead::auth_email},
      {names::header::auth_key, &RequestHead::auth_key},
      {names::header::kv_metadata, &RequestHead::binding_metadata},
      {names::header::namespace_, &RequestHead::binding_namespace},
      {names::header::proxied_metadata, &RequestHead::proxied_metadata},
      {names::header::proxied_url, &RequestHead::proxied_url},
      {names::header::request_id, &RequestHead::request_id},
      {names::header::traceparent, &RequestHead::traceparent},
  };
  for (const OwnField& each : own_fields) {
    if (boost::beast::iequals(name, {each.name.data(), each.name.size()}))
      return keep_first(head_.*each.kept, value);
  }
}

void RequestParser::on_header_impl(ErrorCode& error) {
  error = {};
  is_in_trailer_ = true;
  std::replace(hidden_delete_bytes_.begin(), hidden_delete_bytes_.end(), stand_in_for_delete_, delete_byte);
  expects_continue_ = expects_continue_ && version_ >= 11;
  is_persistent_ = version_ == 11 && keep_alive();
}

std::optional<std::string> RequestParser::refusal() const {
  if (!std::isalpha(static_cast<unsigned char>(head_.method_text.front()))) return "no method";
  if (version_ != 10 && version_ != 11) return "HTTP version is not 1.0 or 1.1";
  if (transfer_encodings_ > 0) {
    if (transfer_encodings_ > 1 || !is_plain_chunked_) return "Transfer-Encoding is not chunked";
    if (content_lengths_ > 0) return "Content-Length and Transfer-Encoding";
    if (version_ == 10) return "Transfer-Encoding in HTTP/1.0";
  }
  if (content_lengths_ > 1) return "more than one Content-Length";
  if (hosts_ > 1) return "more than one Host";
  if (head_.host && !is_host(*head_.host)) return "a Host that is none";
  const bool is_absolute = !head_.target.starts_with('/') && is_absolute_form(head_.target);
  const bool is_path =
      head_.target.starts_with('/') || (head_.target == "*" && head_.method_text == "OPTIONS");
  if (!is_path && !is_absolute && head_.method_text != "CONNECT")
    return "the target is neither a path nor a URL";
  if (head_.target.find('#') != head_.target.npos) return "a fragment in the target";
  if (hosts_ == 0 && version_ >= 11 && !is_absolute) return "no Host";
  return std::nullopt;
}

std::size_t RequestParser::on_body_impl(View body, ErrorCode& error) {
  error = {};
  if (!body.empty()) body_pieces_.emplace_back(body.data(), body.size());
  return body.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t, View extensions, ErrorCode& error) {
  error = {};
  // Beast takes any byte between quotes, a line feed too, which other servers take for the line's end.
  const bool has_control = std::any_of(extensions.begin(), extensions.end(), [](char c) {
    return (c >= 0 && c < ' ' && c != '\t') || c == delete_byte;
  });
  if (extensions.size() > chunk_extension_bytes_max || has_control) error = http::error::bad_chunk_extension;
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View body, ErrorCode& error) {
  return on_body_impl(body, error);
}

}  // namespace cubby
