// The readable reference engine: `std::map` under one mutex. Nothing survives it; tests use it where disks do
// not matter.
#pragma once

#include <memory>

#include "store/engine.hpp"

namespace cubby {

std::unique_ptr<Engine> make_memory_engine();

}  // namespace cubby
