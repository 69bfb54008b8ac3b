#include "core/error.hpp"

#include <stdexcept>

namespace cubby {

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("unexpected error " + std::to_string(static_cast<int>(error.code)) + " " +
                         error.argument);
}

}  // namespace cubby
