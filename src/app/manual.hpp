// The manual pages, made from the definition of the command line.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "app/command_tree.hpp"

namespace cubby {

// In roff, by the names of their files: cubby.1, and one for each command, such as cubby-kv.1.
std::map<std::string, std::string> manual_pages(const CommandFacts& cubby);

// Writes them and the completion scripts into a folder, for a package. Answers the exit code.
int write_install_files(const CommandFacts& cubby, const std::filesystem::path& folder);

}  // namespace cubby
