// The RADOS engine is a module of its own, so that a server without it does not load librados.
#pragma once

#include <memory>

#include "core/error.hpp"
#include "rados/rados_engine.hpp"

namespace cubby {

// Looks for cubby_rados.so beside the program and in ../lib/cubby. Errors: storage_failed, if it is not
// there; those of open_rados_engine.
Result<std::unique_ptr<Engine>> load_rados_engine(const RadosOptions& options);

}  // namespace cubby
