#include "wire/rest_request.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "wire/json_body.hpp"
#include "wire/names.hpp"

namespace cubby {
namespace {

namespace query = names::query;
namespace field = names::field;

Result<std::uint32_t> parse_limit(const Query& parameters, std::string_view name) {
  const auto text = parameters.get(name);
  if (!text || text->empty()) return limits::list_keys_max;
  const auto limit = parse_whole_number(*text);
  if (!limit || *limit < limits::list_keys_min) return fail(Errc::list_limit_malformed, *text);
  if (*limit > limits::list_keys_max) return fail(Errc::list_limit_too_large, *text);
  return static_cast<std::uint32_t>(*limit);
}

}  // namespace

std::optional<std::uint64_t> parse_whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const std::string_view fraction(stop, end);
  const bool is_whole = fraction.empty() || (fraction.size() > 1 && fraction.front() == '.' &&
                                             fraction.find_first_not_of('0', 1) == fraction.npos);
  if (stop == text.data() || !is_whole) return std::nullopt;
  return error == std::errc::result_out_of_range ? UINT64_MAX : number;
}

Result<Key> parse_key_segment(std::string_view segment) {
  auto text = decode_path_segment(segment);
  if (!text) return fail(Errc::key_not_decodable);
  return Key::parse(std::move(*text));
}

Result<RawExpiration> parse_expiration_query(const Query& parameters) {
  if (parameters.malformed()) return fail(Errc::expiration_malformed, *parameters.malformed());
  return RawExpiration{parameters.get(query::expiration), parameters.get(query::expiration_ttl)};
}

Result<void> check_cache_ttl(const std::string& text) {
  const auto seconds = parse_whole_number(text);
  if (!seconds || *seconds < limits::cache_ttl_min) return fail(Errc::cache_ttl_too_short, text);
  return {};
}

Result<ListKeys> parse_list_keys(const Query& parameters, std::string_view limit_name) {
  if (parameters.malformed()) return fail(Errc::key_not_decodable);
  const auto limit = parse_limit(parameters, limit_name);
  if (!limit) return limit.error();
  ListKeys request{parameters.get(query::prefix).value_or(""), parameters.get(query::cursor).value_or(""),
                   *limit};
  if (request.prefix.size() > limits::key_bytes_max) {
    return fail(Errc::key_too_long, std::to_string(request.prefix.size()));
  }
  return request;
}

Result<ListNamespaces> parse_list_namespaces(const Query& parameters) {
  ListNamespaces request{.per_page = limits::namespaces_per_page_default};
  if (const auto text = parameters.get(query::page); text && !text->empty()) {
    const auto page = parse_whole_number(*text);
    if (!page || *page == 0) return fail(Errc::page_malformed, *text);
    request.page = *page;
  }
  if (const auto text = parameters.get(query::per_page); text && !text->empty()) {
    const auto per_page = parse_whole_number(*text);
    if (!per_page || *per_page == 0 || *per_page > limits::namespaces_per_page_max) {
      return fail(Errc::per_page_malformed, *text);
    }
    request.per_page = static_cast<std::uint32_t>(*per_page);
  }
  const auto order = parameters.get(query::order).value_or("");
  if (order == "title")
    request.order = ListNamespaces::Order::title;
  else if (!order.empty() && order != "id")
    return fail(Errc::order_invalid, order);
  const auto direction = parameters.get(query::direction).value_or("");
  if (direction == "desc")
    request.direction = ListNamespaces::Direction::descending;
  else if (!direction.empty() && direction != "asc")
    return fail(Errc::direction_invalid, direction);
  return request;
}

namespace {

Result<Title> title_in(const boost::json::object& object) {
  const auto* const title = find_member(object, field::title);
  if (!title) return fail(Errc::title_missing);
  if (!title->is_string()) return fail(Errc::body_not_json, "title must be a string");
  return Title::parse(std::string(title->get_string()));
}

Result<Jurisdiction> jurisdiction_in(const boost::json::object& object) {
  const auto* const member = find_member(object, field::jurisdiction);
  if (!member) return Jurisdiction::none;
  if (*member == "eu") return Jurisdiction::eu;
  if (*member == "fedramp") return Jurisdiction::fedramp;
  if (*member == "us") return Jurisdiction::us;
  return fail(Errc::namespace_option_invalid, "jurisdiction must be eu, fedramp or us");
}

Result<NamespaceMode> mode_in(const boost::json::object& object) {
  const auto* const member = find_member(object, field::mode);
  if (!member) return NamespaceMode::classic;
  if (*member == "instant") return NamespaceMode::instant;
  return fail(Errc::namespace_option_invalid, "mode must be instant");
}

}  // namespace

Task<Result<NewNamespace>> read_new_namespace(ByteSource& body) {
  const auto object = co_await read_json_object(body, limits::json_body_bytes_max, Errc::body_not_json);
  if (!object) co_return object.error();
  auto title = title_in(*object);
  if (!title) co_return title.error();
  const auto jurisdiction = jurisdiction_in(*object);
  if (!jurisdiction) co_return jurisdiction.error();
  const auto mode = mode_in(*object);
  if (!mode) co_return mode.error();
  co_return NewNamespace{std::move(*title), *jurisdiction, *mode};
}

Task<Result<Title>> read_title(ByteSource& body) {
  const auto object = co_await read_json_object(body, limits::json_body_bytes_max, Errc::body_not_json);
  if (!object) co_return object.error();
  co_return title_in(*object);
}

namespace {

// A JSON array of strings, as it arrives: a long list is never held as text.
class KeyListParser {
 public:
  Result<void> take(const json::Scanner& scanner, json::Token token) {
    switch (token) {
      case json::Token::need_more:
      case json::Token::end:
        return {};
      case json::Token::invalid:
        return fail(Errc::bulk_body_malformed, scanner.error());
      case json::Token::begin_array:
        if (scanner.depth() == 1) return {};
        break;
      case json::Token::end_array:
        return {};
      case json::Token::string_part:
      case json::Token::string:
        if (scanner.depth() == 1) return take_string(scanner.text(), token == json::Token::string);
        break;
      default:
        break;
    }
    return fail(Errc::bulk_body_malformed, "expected an array of strings");
  }

  std::vector<Key> keys;

 private:
  Result<void> take_string(std::string_view piece, bool is_last) {
    text_ += piece;
    if (!is_last) return {};
    auto key = Key::parse(std::exchange(text_, {}));
    if (!key) return key.error();
    keys.push_back(std::move(*key));
    if (keys.size() > limits::bulk_items_max) {
      return fail(Errc::bulk_too_many, std::to_string(limits::bulk_items_max));
    }
    return {};
  }

  std::string text_;
};

}  // namespace

Task<Result<std::vector<Key>>> read_key_list(ByteSource& body) {
  json::Scanner scanner;
  KeyListParser parser;
  for (bool is_at_end = false; !is_at_end;) {
    const auto piece = co_await body.read();
    if (!piece) co_return piece.error();
    is_at_end = piece->empty();
    if (is_at_end)
      scanner.finish();
    else
      scanner.feed(*piece);
    json::Token token{};
    do {
      token = scanner.next();
      if (const auto taken = parser.take(scanner, token); !taken) co_return taken.error();
    } while (token != json::Token::need_more && token != json::Token::end);
  }
  co_return std::move(parser.keys);
}

namespace {

Result<BulkGet> bulk_get_in(const boost::json::object& object) {
  const auto* const keys = find_member(object, field::keys);
  if (!keys) return fail(Errc::bulk_get_empty);
  if (!keys->is_array()) return fail(Errc::bulk_body_malformed, "keys must be an array");
  if (keys->get_array().empty()) return fail(Errc::bulk_get_empty);
  if (keys->get_array().size() > limits::bulk_get_keys_max) {
    return fail(Errc::bulk_too_many, std::to_string(limits::bulk_get_keys_max));
  }
  BulkGet request;
  for (const auto& each : keys->get_array()) {
    if (!each.is_string()) return fail(Errc::bulk_body_malformed, "keys must be strings");
    auto key = Key::parse(std::string(each.get_string()));
    if (!key) return key.error();
    request.keys.push_back(std::move(*key));
  }
  if (const auto* const type = find_member(object, field::type)) {
    if (*type == "json")
      request.type = BulkGet::Type::json;
    else if (type->is_string() && *type != "text")
      return fail(Errc::bulk_get_bad_type, type->get_string().c_str());
    else if (!type->is_string())
      return fail(Errc::bulk_body_malformed, "type must be a string");
  }
  if (const auto* const with_metadata = find_member(object, field::with_metadata)) {
    if (!with_metadata->is_bool())
      return fail(Errc::bulk_body_malformed, "withMetadata must be true or false");
    request.with_metadata = with_metadata->get_bool();
  }
  if (const auto* const cache_ttl = find_member(object, field::cache_ttl)) {
    const auto* const text = cache_ttl->if_string();
    const auto checked = check_cache_ttl(text ? std::string(*text) : serialize(*cache_ttl));
    if (!checked) return checked.error();
  }
  return request;
}

}  // namespace

Task<Result<BulkGet>> read_bulk_get(ByteSource& body) {
  const auto object =
      co_await read_json_object(body, limits::bulk_get_request_bytes_max, Errc::bulk_body_malformed);
  // More than so many keys can need: that says more to the caller than a number of bytes.
  if (!object && object.error().code == Errc::request_too_large) {
    co_return fail(Errc::bulk_too_many, std::to_string(limits::bulk_get_keys_max));
  }
  if (!object) co_return object.error();
  co_return bulk_get_in(*object);
}

namespace {

// Seconds, with or without a fraction. Nothing unless it is a number that a time of ours can be.
std::optional<std::chrono::milliseconds> milliseconds_in(const boost::json::value& seconds) {
  boost::system::error_code error;
  const double number = seconds.to_number<double>(error);
  if (error || std::abs(number) > static_cast<double>(limits::expiration_max)) return std::nullopt;
  return std::chrono::milliseconds(std::llround(number * 1000));
}

Result<Timestamp> clock_time(std::optional<std::chrono::milliseconds> since_epoch) {
  const std::chrono::seconds latest(limits::expiration_max);
  if (!since_epoch || since_epoch->count() < 0 || *since_epoch > latest)
    return fail(Errc::body_not_json, "the time must be a number of seconds, from 1970 to the year 9999");
  return Timestamp(*since_epoch);
}

}  // namespace

Task<Result<std::optional<Timestamp>>> read_clock_time(ByteSource& body) {
  const auto object = co_await read_json_object(body, limits::json_body_bytes_max, Errc::body_not_json);
  if (!object) co_return object.error();
  const auto* const now = object->if_contains(field::now);
  if (!now) co_return fail(Errc::body_not_json, "now is missing");
  if (now->is_null()) co_return std::optional<Timestamp>{};
  const auto time = clock_time(milliseconds_in(*now));
  if (!time) co_return time.error();
  co_return *time;
}

Task<Result<Timestamp>> read_clock_advance(ByteSource& body, Timestamp now) {
  const auto object = co_await read_json_object(body, limits::json_body_bytes_max, Errc::body_not_json);
  if (!object) co_return object.error();
  const auto* const advance = find_member(*object, field::advance);
  if (!advance) co_return fail(Errc::body_not_json, "advance is missing");
  auto moved = milliseconds_in(*advance);
  if (moved) *moved += now.time_since_epoch();
  co_return clock_time(moved);
}

}  // namespace cubby
