// Memory that one request holds, beyond the little that every request needs.
#pragma once

#include <cstddef>

#include "core/error.hpp"

namespace cubby {

// Whoever gathers something large for a request says so before, and it counts until the request is answered.
// Used by one coroutine.
class RequestMemory {
 public:
  virtual ~RequestMemory() = default;

  // Errors: overloaded, when all requests together would hold too much; then nothing is counted.
  virtual Result<void> hold(std::size_t bytes) = 0;
};

}  // namespace cubby
