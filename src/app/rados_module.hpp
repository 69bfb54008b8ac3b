// The RADOS engine is a module of its own, so that a server without it does not load librados.
#pragma once

#include <memory>

#include "core/error.hpp"
#include "rados/rados_engine.hpp"

namespace cubby {

// Looks for cubby_rados.so beside the program and in ../lib/cubby. Errors: storage_failed, if it is not
// there; those of open_rados_engine.
Result<std::unique_ptr<Engine>> load_rados_engine(const RadosOptions& options);

// `cubby rados init`: makes the pools that are not there, and says what is unsafe about them. The exit code
// is 0 if nothing is.
int prepare_rados(const RadosOptions& options);

}  // namespace cubby
