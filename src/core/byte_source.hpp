// A body that arrives in pieces.
#pragma once

#include <string_view>

#include "core/error.hpp"
#include "core/task.hpp"

namespace cubby {

// Used by one coroutine at a time, on one loop.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // The next piece, never empty; an empty view is the end, and every later call returns it again.
  // The view is valid until the next call.
  // Errors: client_gone, request_timed_out, request_malformed, request_too_large; all are final.
  virtual Task<Result<std::string_view>> read() = 0;
};

}  // namespace cubby
