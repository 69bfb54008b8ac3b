#include "net/credentials.hpp"

#include <algorithm>

namespace cubby {

Result<std::string_view> bearer_token_in(const RequestHead& head) {
  if (!head.authorization) return fail(Errc::credentials_missing);
  constexpr std::string_view scheme = "Bearer ";
  if (!head.authorization->starts_with(scheme)) return fail(Errc::authorization_malformed);
  const std::string_view token = head.authorization->substr(scheme.size());
  // Not find_first_of, which calls memchr for each character.
  const auto separates = [](char c) { return c == ' ' || c == '\t' || c == ','; };
  if (token.empty() || std::any_of(token.begin(), token.end(), separates))
    return fail(Errc::authorization_malformed);
  return token;
}

Result<std::string_view> credentials_in(const RequestHead& head) {
  if (!head.authorization && head.auth_key && head.auth_email) return *head.auth_key;
  return bearer_token_in(head);
}

}  // namespace cubby
