#include "app/command_tree.hpp"

namespace cubby {
namespace {

// CLI11 tells the choices as the type: "TEXT:{jsonl,wrangler}".
std::vector<std::string> choices_of(const std::string& type) {
  std::vector<std::string> choices;
  const auto open = type.find('{');
  const auto close = type.find('}');
  if (open == type.npos || close == type.npos) return choices;
  std::string rest = type.substr(open + 1, close - open - 1);
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    choices.push_back(rest.substr(0, comma));
    rest.erase(0, comma + 1);
  }
  return choices;
}

OptionFacts option_facts(const CLI::Option& option) {
  OptionFacts facts{.names = {},
                    .place_name = {},
                    .help = option.get_description(),
                    .environment = option.get_envname(),
                    .choices = choices_of(option.get_type_name()),
                    .takes_value = option.get_items_expected_max() > 0,
                    .is_required = option.get_required()};
  for (const std::string& name : option.get_snames()) facts.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) facts.names.push_back("--" + name);
  if (facts.names.empty()) facts.place_name = option.get_name(true);
  return facts;
}

}  // namespace

void refuse_empty_numbers(CLI::App& app) {
  const auto check = [](const std::string& text) {
    return text.empty() ? std::string("a number is missing") : std::string();
  };
  for (CLI::Option* const option : app.get_options()) {
    const std::string type = option->get_type_name();
    for (const char* const number : {"INT", "FLOAT"})
      if (type.find(number) != type.npos) option->check(check, "");
  }
  for (CLI::App* const command : app.get_subcommands([](CLI::App*) { return true; }))
    refuse_empty_numbers(*command);
}

CommandFacts facts_of(const CLI::App& app, const std::string& path) {
  CommandFacts facts{
      .path = path, .help = app.get_description(), .footer = app.get_footer(), .options = {}, .commands = {}};
  for (const CLI::Option* const option : app.get_options())
    if (!option->get_group().empty()) facts.options.push_back(option_facts(*option));
  for (const CLI::App* const command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty())
      facts.commands.push_back(facts_of(*command, path + " " + command->get_name()));
  return facts;
}

}  // namespace cubby
