// `cubby completion`: scripts that make shells complete the command line.
#pragma once

#include <string>

#include "app/command_tree.hpp"

namespace cubby {

std::string bash_completion(const CommandFacts& cubby);
std::string zsh_completion(const CommandFacts& cubby);
std::string fish_completion(const CommandFacts& cubby);

}  // namespace cubby
