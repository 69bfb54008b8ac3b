// The target of a request, as sent: `/path?query`, or the same behind `scheme://host`.
#pragma once

#include <string_view>

namespace cubby {

// The path, still escaped; `/` for `scheme://host` alone. A view of the target.
std::string_view path_of(std::string_view target);

// What follows the first `?`; empty if there is none. A view of the target.
std::string_view query_of(std::string_view target);

}  // namespace cubby
