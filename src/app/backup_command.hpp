// `cubby backup` and `cubby restore`: backups of a server that runs, and what is done with a folder of them
// beside it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "app/client_settings.hpp"

namespace cubby {

// Adds the commands. `chosen` becomes what is to run, if it is one of these; it answers the exit code.
// `environment` must outlive it.
void add_backup_commands(CLI::App& app, const ClientEnvironment& environment, std::function<int()>& chosen);

}  // namespace cubby
