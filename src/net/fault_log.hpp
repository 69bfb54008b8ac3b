#pragma once

#include <string_view>

#include "core/error.hpp"
#include "wire/http_message.hpp"

namespace cubby {

// The caller learns that the fault is ours; what it is, the operator reads here, with the request's id.
// Writes nothing of other errors, nor of what the monitor says once and many requests meet: too much at once,
// a full disk. Thread-safe.
void log_fault(std::string_view operation, const Error& error, const RequestHead& head);

}  // namespace cubby
