#include "wire/account_response.hpp"

#include <boost/json.hpp>

#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "wire/json_body.hpp"
#include "wire/names.hpp"
#include "wire/rest_request.hpp"
#include "wire/rest_response.hpp"

namespace cubby {
namespace {

using json::quoted;

// `items` as the first page of one; nothing on the others.
Response single_page_response(const std::vector<std::string>& items, const Query& query) {
  const std::string page = query.get(names::query::page).value_or("");
  const bool is_first = page.empty() || parse_whole_number(page) == 1;
  std::string result = "[";
  for (const std::string& item : items) {
    if (!is_first) break;
    if (result.size() > 1) result += ',';
    result += item;
  }
  result += ']';
  const std::string total = std::to_string(items.size());
  const std::string count = is_first ? total : "0";
  return json_response(result, R"({"page":)" + std::string(is_first ? "1" : "2") + R"(,"per_page":)" +
                                   std::to_string(std::max<std::size_t>(items.size(), 20)) + R"(,"count":)" +
                                   count + R"(,"total_count":)" + total + R"(,"total_pages":1})");
}

}  // namespace

Task<Result<std::string>> read_new_account(ByteSource& body) {
  const auto object = co_await read_json_object(body, limits::json_body_bytes_max, Errc::body_not_json);
  if (!object) co_return object.error();
  const auto* const name = find_member(*object, names::field::name);
  if (!name) co_return std::string();
  if (!name->is_string()) co_return fail(Errc::account_name_invalid, "name must be a string");
  co_return std::string(name->get_string());
}

std::string account_json(const Account& account) {
  return R"({"id":")" + account.id.text() + R"(","name":)" + quoted(account.name) + R"(,"type":"standard"})";
}

Response accounts_response(const std::vector<Account>& accounts, const Query& query) {
  std::vector<std::string> items;
  items.reserve(accounts.size());
  for (const Account& account : accounts) items.push_back(account_json(account));
  return single_page_response(items, query);
}

Response memberships_response(const std::vector<Account>& accounts, const Query& query) {
  std::vector<std::string> items;
  items.reserve(accounts.size());
  for (const Account& account : accounts) {
    items.push_back(R"({"id":")" + account.id.text() + R"(","status":"accepted","account":)" +
                    account_json(account) + R"(,"roles":["Administrator"]})");
  }
  return single_page_response(items, query);
}

Response user_response(TokenId token, const std::string& name) {
  // An address under `.invalid` can never be somebody's.
  return json_response(R"({"id":")" + token.text() + R"(","email":)" + quoted(name + "@cubby.invalid") + "}");
}

Response token_verified_response(TokenId token) {
  // Clients print the message; the code is the one that Cloudflare sends here.
  return json_response(R"({"id":")" + token.text() + R"(","status":"active"})", {},
                       R"({"code":10000,"message":"This API Token is valid and active","type":null})");
}

}  // namespace cubby
