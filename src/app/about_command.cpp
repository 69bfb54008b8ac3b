#include "app/about_command.hpp"

#include "app/client_output.hpp"
#include "app/completion.hpp"
#include "app/manual.hpp"

namespace cubby {
namespace {

int print_version(bool as_json) {
  const std::string text =
      as_json ? R"({"name":"cubby","version":")" CUBBY_VERSION R"("})" : "cubby " CUBBY_VERSION;
  return print(text + "\n") ? 0 : 1;
}

int print_completion(const CommandFacts& cubby, const std::string& shell) {
  if (shell == "bash") return print(bash_completion(cubby)) ? 0 : 1;
  if (shell == "zsh") return print(zsh_completion(cubby)) ? 0 : 1;
  return print(fish_completion(cubby)) ? 0 : 1;
}

}  // namespace

void add_about_commands(CLI::App& app, std::function<int()>& chosen) {
  CLI::App& version = *app.add_subcommand("version", "Print the version");
  const auto as_json = std::make_shared<bool>(false);
  version.add_flag("--json", *as_json, "Print JSON");
  version.callback([&chosen, as_json] { chosen = [as_json] { return print_version(*as_json); }; });

  CLI::App& completion =
      *app.add_subcommand("completion", "Print a script that makes a shell complete the command line");
  const auto shell = std::make_shared<std::string>();
  completion.add_option("shell", *shell, "The shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion.callback([&app, &chosen, shell] {
    chosen = [facts = facts_of(app), shell] { return print_completion(facts, *shell); };
  });

  CLI::App& files =
      *app.add_subcommand("install-files", "Write manual pages and completion scripts, for a package");
  const auto folder = std::make_shared<std::string>();
  files.group("");
  files.add_option("folder", *folder, "The folder to write to")->required();
  files.callback([&app, &chosen, folder] {
    chosen = [facts = facts_of(app), folder] { return write_install_files(facts, *folder); };
  });
}

}  // namespace cubby
