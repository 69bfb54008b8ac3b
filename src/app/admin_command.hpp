// `cubby token` and `cubby account`: who may use a Cubby server, over its API.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "app/client_settings.hpp"

namespace cubby {

// Adds the commands. `chosen` becomes what is to run, if it is one of these; it answers the exit code.
// `environment` must outlive it.
void add_admin_commands(CLI::App& app, const ClientEnvironment& environment, std::function<int()>& chosen);

}  // namespace cubby
