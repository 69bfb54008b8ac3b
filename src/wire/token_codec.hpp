// Tokens as JSON: `/cubby/v1/tokens`, which is ours. docs/using/cubby_api.md is the page to this file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/byte_source.hpp"
#include "core/operation.hpp"
#include "wire/http_message.hpp"

namespace cubby {

// Errors: body_not_json, token_option_invalid, those of the source.
Task<Result<NewToken>> read_new_token(ByteSource& body);

// `text` is the secret, for the one answer that tells it.
std::string token_json(const Token& token, Instant now, std::string_view text = {});
Response tokens_response(const std::vector<Token>& tokens, Instant now);

}  // namespace cubby
