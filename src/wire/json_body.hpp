// Small JSON bodies, read as a tree.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string_view>

#include "core/byte_source.hpp"
#include "core/error.hpp"

namespace cubby {

// Errors: `malformed` for a body that is no JSON object, request_too_large, those of the source.
Task<Result<boost::json::object>> read_json_object(ByteSource& body, std::size_t bytes_max, Errc malformed);

// A member that is not there or null is nothing. A view of `object`.
const boost::json::value* find_member(const boost::json::object& object, std::string_view name);

}  // namespace cubby
