// `cubby version`, `cubby completion`, and the hidden `cubby install-files`: what the program says about
// itself.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace cubby {

// As add_kv_commands.
void add_about_commands(CLI::App& app, std::function<int()>& chosen);

}  // namespace cubby
