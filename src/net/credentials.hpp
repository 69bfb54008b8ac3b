// How a request says who it is from.
#pragma once

#include <string_view>

#include "core/error.hpp"
#include "wire/http_message.hpp"

namespace cubby {

// Views of the head. The token of `Authorization: Bearer`. Errors: credentials_missing (no such header),
// authorization_malformed.
Result<std::string_view> bearer_token_in(const RequestHead& head);

// The same, or else an API key with its email address, as the REST API takes them: the rows of the table in
// docs/using/compatibility.md, in their order. Errors: those of bearer_token_in.
Result<std::string_view> credentials_in(const RequestHead& head);

}  // namespace cubby
