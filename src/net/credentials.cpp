#include "net/credentials.hpp"

namespace cubby {

Result<std::string> bearer_token_in(const RequestHead& head) {
  if (!head.authorization) return fail(Errc::credentials_missing);
  constexpr std::string_view scheme = "Bearer ";
  if (!head.authorization->starts_with(scheme)) return fail(Errc::authorization_malformed);
  const std::string_view token = std::string_view(*head.authorization).substr(scheme.size());
  if (token.empty() || token.find_first_of(" \t,") != token.npos) return fail(Errc::authorization_malformed);
  return std::string(token);
}

Result<std::string> credentials_in(const RequestHead& head) {
  if (!head.authorization && head.auth_key && head.auth_email) return *head.auth_key;
  return bearer_token_in(head);
}

}  // namespace cubby
