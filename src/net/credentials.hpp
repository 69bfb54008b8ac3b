// How a request says who it is from.
#pragma once

#include <string>

#include "core/error.hpp"
#include "wire/http_message.hpp"

namespace cubby {

// The token of `Authorization: Bearer`. Errors: credentials_missing (no such header),
// authorization_malformed.
Result<std::string> bearer_token_in(const RequestHead& head);

// The same, or else an API key with its email address, as the REST API takes them: the rows of the table in
// docs/using/compatibility.md, in their order. Errors: those of bearer_token_in.
Result<std::string> credentials_in(const RequestHead& head);

}  // namespace cubby
