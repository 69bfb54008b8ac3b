#include "client/failure.hpp"

#include <stdexcept>

namespace cubby::client {

void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::logic_error("unexpected failure: " + failure.message);
}

}  // namespace cubby::client
