// `cubby export`, `cubby import` and `cubby copy`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "app/client_settings.hpp"

namespace cubby {

// As add_kv_commands.
void add_transfer_commands(CLI::App& app, const ClientEnvironment& environment, std::function<int()>& chosen);

}  // namespace cubby
