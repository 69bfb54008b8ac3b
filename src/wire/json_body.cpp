#include "wire/json_body.hpp"

#include <boost/json/parse.hpp>
#include <string>

namespace cubby {
namespace {

Task<Result<std::string>> read_text(ByteSource& body, std::size_t bytes_max) {
  std::string text;
  while (true) {
    const auto piece = co_await body.read();
    if (!piece) co_return piece.error();
    if (piece->empty()) co_return text;
    if (text.size() + piece->size() > bytes_max) co_return fail(Errc::request_too_large);
    text += *piece;
  }
}

}  // namespace

Task<Result<boost::json::object>> read_json_object(ByteSource& body, std::size_t bytes_max, Errc malformed) {
  const auto text = co_await read_text(body, bytes_max);
  if (!text) co_return text.error();
  boost::system::error_code error;
  boost::json::value document = boost::json::parse(*text, error);
  if (error) co_return fail(malformed, error.message());
  auto* const object = document.if_object();
  if (!object) co_return fail(malformed, "expected a JSON object");
  co_return std::move(*object);
}

const boost::json::value* find_member(const boost::json::object& object, std::string_view name) {
  const auto* const member = object.if_contains(name);
  return member && !member->is_null() ? member : nullptr;
}

}  // namespace cubby
