// `cubby check`: is a data directory whole?
#pragma once

#include "store/rocksdb_check.hpp"

namespace cubby {

// Reads everything, tells what it finds on standard output, and ends with a line of totals. Answers the exit
// code: 0 if nothing is damaged, or all that was is repaired; 1 if something is, or the directory cannot be
// opened.
int check_data(const CheckOptions& options);

}  // namespace cubby
