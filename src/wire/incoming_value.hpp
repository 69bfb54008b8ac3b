// The body of a value put: the value alone, or a form with metadata beside it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/operation.hpp"

namespace cubby {

// Chosen by the content type alone: `multipart/form-data` is a form, anything else, or none, is the value
// byte for byte. `body` must outlive what is returned.
//
// A form has a part `value` and may have a part `metadata` (JSON text), in any order. Metadata that an SDK
// has flattened into parts of its own (`metadata[a]`, `metadata.a`) is rebuilt. Other parts are ignored.
// Errors: form_malformed (no boundary). Errors of `read`: form_malformed, value_missing, those of the body.
// Source: wrangler 4.164, the official SDKs, curl; see docs/using/compatibility.md.
Result<std::unique_ptr<IncomingValue>> make_incoming_value(std::optional<std::string_view> content_type,
                                                           ByteSource& body);

}  // namespace cubby
