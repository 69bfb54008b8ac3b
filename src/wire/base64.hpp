// Base64, as bulk writes have it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cubby {

// Decodes `text`, or nothing if it is not base64.
//
// Standard alphabet only. ASCII white space (space, \t, \n, \f, \r) is ignored anywhere. Padding may be
// missing; if it is there it must be complete and at the end. Bits beyond the last byte may be anything,
// because atob and Node's Buffer, from which clients are tested, drop them too.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

// The same in the memory of `text`, for large values. False if it is not base64; `text` is then unspecified.
[[nodiscard]] bool decode_base64_in_place(std::string& text);

// Appends the base64 of `bytes`: standard alphabet, with padding, on one line.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace cubby
