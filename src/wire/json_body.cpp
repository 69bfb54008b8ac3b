#include "wire/json_body.hpp"

#include <boost/json/parse.hpp>
#include <charconv>
#include <optional>
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

// The UTF-16 unit that is escaped there as \uXXXX.
std::optional<unsigned> escaped_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || !text.substr(at).starts_with("\\u")) return std::nullopt;
  const char* const end = text.data() + at + 6;
  unsigned unit = 0;
  const auto [stop, error] = std::from_chars(end - 4, end, unit, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return unit;
}

// Half of a surrogate pair becomes U+FFFD, as bulk writes have it (json::Scanner) and workerd sends it.
void replace_lone_surrogates(std::string& text) {
  const auto is_within = [](std::optional<unsigned> unit, unsigned first, unsigned last) {
    return unit && first <= *unit && *unit <= last;
  };
  for (std::size_t at = 0; (at = text.find('\\', at)) != text.npos;) {
    const auto unit = escaped_unit(text, at);
    const bool is_pair =
        is_within(unit, 0xD800, 0xDBFF) && is_within(escaped_unit(text, at + 6), 0xDC00, 0xDFFF);
    if (!is_pair && is_within(unit, 0xD800, 0xDFFF)) text.replace(at + 2, 4, "FFFD");
    at += is_pair ? 12 : 2;
  }
}

}  // namespace

Task<Result<boost::json::object>> read_json_object(ByteSource& body, std::size_t bytes_max, Errc malformed) {
  auto text = co_await read_text(body, bytes_max);
  if (!text) co_return text.error();
  replace_lone_surrogates(*text);
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
