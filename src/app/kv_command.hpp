// `cubby kv`: namespaces, keys and bulk files, in wrangler's grammar.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "app/client_settings.hpp"

namespace cubby {

// Adds the command. `chosen` becomes what is to run, if it is one of these; it answers the exit code.
// `environment` must outlive it.
void add_kv_commands(CLI::App& app, const ClientEnvironment& environment, std::function<int()>& chosen);

}  // namespace cubby
