// The server as a whole, wired from its configuration.
#pragma once

#include "app/config.hpp"

namespace cubby {

// Serves until SIGTERM or SIGINT: requests in flight are then finished, within a bound, and all is flushed; a
// second signal ends the process at once. Announces itself on standard output; logs and complaints go to
// standard error. Answers the exit code.
int serve(const ServeConfig& config);

}  // namespace cubby
