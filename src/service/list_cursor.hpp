// The opaque cursor of a key listing: where the next page starts.
#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/values.hpp"

namespace cubby {

// A cursor names the last key of a page, so it goes on to work after a restart and after that key was
// deleted. It says nothing that its holder may not know, so it carries a checksum against accidents and no
// signature.

// Letters, digits, `-` and `_` only: it needs no escaping anywhere.
std::string encode_cursor(NamespaceId namespace_id, std::string_view last_key);

// The key after which to go on. Errors: cursor_invalid (cut, changed, made up, or of another namespace).
Result<std::string> decode_cursor(NamespaceId namespace_id, std::string_view cursor);

}  // namespace cubby
