#include "wire/token_codec.hpp"

#include <boost/json.hpp>

#include "core/expiration.hpp"
#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "core/utf8.hpp"
#include "wire/json_body.hpp"
#include "wire/names.hpp"
#include "wire/rest_response.hpp"

namespace cubby {
namespace {

namespace field = names::field;
using boost::json::value;
using json::quoted;

constexpr std::string_view right_names[] = {"read", "write", "admin"};

Error invalid(std::string_view name, std::string_view why) {
  std::string argument(name);
  argument += why;
  return fail(Errc::token_option_invalid, std::move(argument));
}

Result<std::string> text_in(const boost::json::object& object, std::string_view name) {
  const auto* const member = find_member(object, name);
  if (!member) return std::string();
  if (!member->is_string()) return invalid(name, " must be a string");
  return std::string(member->get_string());
}

Result<Right> right_in(const boost::json::object& object) {
  const auto text = text_in(object, field::right);
  if (!text) return text.error();
  for (std::size_t i = 0; i < std::size(right_names); ++i) {
    if (*text == right_names[i]) return static_cast<Right>(i);
  }
  return invalid("right", " must be read, write or admin");
}

// Each string of an array, as `parse` reads it; nothing there is an empty list.
template <class Parse>
auto list_in(const boost::json::object& object, std::string_view name, Parse parse)
    -> Result<std::vector<typename decltype(parse({}))::value_type>> {
  std::vector<typename decltype(parse({}))::value_type> items;
  const auto* const member = find_member(object, name);
  if (!member) return items;
  const auto* const array = member->if_array();
  if (!array) return invalid(name, " must be an array of strings");
  for (const value& each : *array) {
    const auto* const text = each.if_string();
    const auto item = text ? parse(std::string_view(*text)) : std::nullopt;
    if (!item) return invalid(name, " has something that is none");
    items.push_back(*item);
  }
  return items;
}

Result<std::optional<Instant>> expiration_in(const boost::json::object& object) {
  const auto* const member = find_member(object, field::expiration);
  if (!member) return std::optional<Instant>{};
  boost::system::error_code error;
  const auto seconds = member->to_number<std::int64_t>(error);
  if (error || seconds < 0 || seconds > limits::expiration_max) {
    return invalid("expiration", " must be a time in whole seconds");
  }
  return std::optional(Instant{std::chrono::seconds(seconds)});
}

Result<void> read_account(const boost::json::object& object, NewToken& wanted) {
  const auto* const member = object.if_contains(field::account_id);
  if (!member) return {};
  wanted.is_account_named = true;
  if (member->is_null()) return {};
  const auto* const text = member->if_string();
  wanted.account = text ? AccountId::parse(*text) : std::nullopt;
  if (!wanted.account)
    return invalid("account_id", " must be the id of an account, or null for all accounts");
  return {};
}

// A restriction with its name mistyped must not make a token without it.
Result<void> check_names(const boost::json::object& object) {
  static constexpr std::string_view known[] = {field::name,       field::right,      field::account_id,
                                               field::namespaces, field::key_prefix, field::expiration,
                                               field::sources};
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::ranges::find(known, name) == std::end(known)) return invalid(name, " is no option of a token");
  }
  return {};
}

Result<NewToken> new_token_in(const boost::json::object& object) {
  if (const auto checked = check_names(object); !checked) return checked.error();
  NewToken wanted;
  auto name = text_in(object, field::name);
  if (!name) return name.error();
  const auto right = right_in(object);
  if (!right) return right.error();
  if (const auto account = read_account(object, wanted); !account) return account.error();
  auto namespaces = list_in(object, field::namespaces, NamespaceId::parse);
  if (!namespaces) return namespaces.error();
  auto prefix = text_in(object, field::key_prefix);
  if (!prefix) return prefix.error();
  auto sources = list_in(object, field::sources, AddressRange::parse);
  if (!sources) return sources.error();
  const auto expiration = expiration_in(object);
  if (!expiration) return expiration.error();
  wanted.name = std::move(*name);
  wanted.right = *right;
  wanted.namespaces = std::move(*namespaces);
  wanted.key_prefix = std::move(*prefix);
  wanted.sources = std::move(*sources);
  wanted.expiration = *expiration;
  return wanted;
}

std::string seconds_text(Instant time) {
  return std::to_string(time.time_since_epoch().count());
}

template <class Item>
std::string array_of(const std::vector<Item>& items) {
  std::string text = "[";
  for (const Item& each : items) text += (text.size() > 1 ? "," : "") + quoted(each.text());
  return text + "]";
}

}  // namespace

Task<Result<NewToken>> read_new_token(ByteSource& body) {
  const auto object = co_await read_json_object(body, limits::json_body_bytes_max, Errc::body_not_json);
  if (!object) co_return object.error();
  co_return new_token_in(*object);
}

std::string token_json(const Token& token, Instant now, std::string_view text) {
  const char* status = token.revoked ? "revoked" : is_expired(token.expiration, now) ? "expired" : "active";
  std::string json =
      R"({"id":")" + token.id.text() + R"(","name":)" + quoted(token.name) + R"(,"status":")" + status +
      R"(","right":")" + std::string(right_names[static_cast<std::size_t>(token.right)]) +
      R"(","account_id":)" + (token.account ? quoted(token.account->text()) : "null") + R"(,"namespaces":)" +
      array_of(token.namespaces) + R"(,"key_prefix":)" + quoted(token.key_prefix) + R"(,"sources":)" +
      array_of(token.sources) + R"(,"created":)" + seconds_text(token.created) + R"(,"expiration":)" +
      (token.expiration ? seconds_text(*token.expiration) : "null");
  if (!text.empty()) json += R"(,"token":)" + quoted(text);
  return json + "}";
}

Response tokens_response(const std::vector<Token>& tokens, Instant now) {
  std::string all = "[";
  for (const Token& each : tokens) all += (all.size() > 1 ? "," : "") + token_json(each, now);
  return json_response(all + "]", R"({"count":)" + std::to_string(tokens.size()) + "}");
}

}  // namespace cubby
