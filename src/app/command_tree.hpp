// The definition of the command line, as data: what completion and manual pages are made from.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace cubby {

struct OptionFacts {
  std::vector<std::string> names;  // "--path", "-y"; empty for what has its place instead
  std::string place_name;          // of what has its place: "key"
  std::string help;
  std::string environment;  // the variable that says the same, or empty
  std::vector<std::string> choices;
  bool takes_value = false;
  bool is_required = false;
};

struct CommandFacts {
  std::string path;  // "cubby kv key put"
  std::string help;
  std::string footer;
  std::vector<OptionFacts> options;
  std::vector<CommandFacts> commands;

  std::string name() const { return path.substr(path.rfind(' ') + 1); }
};

// CLI11 takes an empty text for zero, or for an option that is not given: `--keep "$UNSET"`. From here on it
// is refused where a number is due, in all commands.
void refuse_empty_numbers(CLI::App& app);

// Without hidden commands and options.
CommandFacts facts_of(const CLI::App& app, const std::string& path = "cubby");

// `visit` for the command and for all below it.
template <class Visit>
void for_each_command(const CommandFacts& command, const Visit& visit) {
  visit(command);
  for (const CommandFacts& each : command.commands) for_each_command(each, visit);
}

}  // namespace cubby
