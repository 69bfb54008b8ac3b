#include "app/config.hpp"

#include <toml++/toml.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "app/about_command.hpp"
#include "app/admin_command.hpp"
#include "app/backup_command.hpp"
#include "app/command_tree.hpp"
#include "app/kv_command.hpp"
#include "app/serve_settings.hpp"
#include "app/setting.hpp"
#include "app/transfer_command.hpp"
#include "service/access.hpp"

namespace cubby {
namespace {

std::string environment(const char* name, const char* older_name = "") {
  const char* value = std::getenv(name);
  if (!value || !*value) value = std::getenv(older_name);
  return value ? value : "";
}

ClientEnvironment client_environment() {
  const std::string config = environment("XDG_CONFIG_HOME");
  const std::string home = config.empty() ? environment("HOME") + "/.config" : config;
  const std::string profiles = environment("CUBBY_PROFILES");
  return {.wrangler = {.base_url = environment("CLOUDFLARE_API_BASE_URL", "CF_API_BASE_URL"),
                       .account_id = environment("CLOUDFLARE_ACCOUNT_ID", "CF_ACCOUNT_ID"),
                       .token = environment("CLOUDFLARE_API_TOKEN", "CF_API_TOKEN")},
          .from = {.base_url = environment("CUBBY_FROM_API_BASE_URL"),
                   .account_id = environment("CUBBY_FROM_ACCOUNT_ID"),
                   .token = environment("CUBBY_FROM_API_TOKEN")},
          .to = {.base_url = environment("CUBBY_TO_API_BASE_URL"),
                 .account_id = environment("CUBBY_TO_ACCOUNT_ID"),
                 .token = environment("CUBBY_TO_API_TOKEN")},
          .profile = environment("CUBBY_PROFILE"),
          .profiles_file = profiles.empty() ? home + "/cubby/profiles.toml" : profiles};
}

std::optional<std::string> environment_token() {
  const char* const token = std::getenv("CUBBY_ADMIN_TOKEN");
  if (!token || !*token) return std::nullopt;
  if (!is_token_shape(token)) {
    throw CLI::ValidationError("CUBBY_ADMIN_TOKEN", "must be 40 to 80 characters of 0-9, A-Z, a-z, _ and -");
  }
  return token;
}

// The sockets that the parent process has opened for us, in the way of systemd: LISTEN_FDS of them from
// descriptor 3 on, and in LISTEN_FDNAMES what each is for. Without names they are the binding's.
InheritedSockets inherited_sockets() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value ? value : "");
  };
  InheritedSockets sockets;
  const std::string owner = variable("LISTEN_PID");
  if (!owner.empty() && owner != std::to_string(::getpid())) return sockets;  // meant for our parent
  constexpr int first_descriptor = 3;
  std::istringstream names(variable("LISTEN_FDNAMES"));
  const int count = std::atoi(variable("LISTEN_FDS").c_str());
  for (int descriptor = first_descriptor; descriptor < first_descriptor + count; ++descriptor) {
    std::string name;
    std::getline(names, name, ':');
    if (name == "api")
      sockets.api = InheritedSocket{descriptor};
    else if (name == "binding" || name.empty())
      sockets.binding.push_back({descriptor});
    else
      throw CLI::ValidationError("LISTEN_FDNAMES", "each must be api or binding, not " + name);
  }
  return sockets;
}

ServeEnvironment serve_environment() {
  return {.admin_token = environment_token(), .inherited = inherited_sockets()};
}

}  // namespace

CommandLine read_command_line(int argc, const char* const* argv) {
  CLI::App app("Cubby: a self-hosted key-value store that speaks Cloudflare Workers KV");
  app.set_version_flag("--version", "cubby " CUBBY_VERSION);
  app.require_subcommand(1);
  ServeSettings settings;
  std::string config_path;
  CLI::App& serve =
      *app.add_subcommand("serve", "Serve the REST API and the worker binding from a data directory");
  add_serve_settings(serve, settings);
  add_setting(serve, "config", config_path,
              "TOML file with any of these settings, such as data-dir = \"/var/lib/cubby\"");
  serve.footer(
      "Each setting may also come from the environment, such as CUBBY_DATA_DIR. CUBBY_ADMIN_TOKEN, 40 to 80\n"
      "characters of 0-9, A-Z, a-z, _ and -, is a valid administrator's token while it is set; without it "
      "the first\n"
      "start makes one and writes it to the file admin-token in the data directory.");
  CheckOptions to_check{.data_directory = settings.data_dir};
  CLI::App& check_command = *app.add_subcommand(
      "check", "Read a whole data directory, while no server has it, and tell what is damaged");
  add_setting(check_command, "data-dir", to_check.data_directory, "The directory that holds the data");
  check_command.add_flag("--repair", to_check.repairs_usage,
                         "Set the counters of usage right where they are not");
  RadosOptions rados;
  CLI::App& rados_commands = *app.add_subcommand("rados", "Prepare a Ceph cluster for --engine rados");
  rados_commands.require_subcommand(1);
  CLI::App& rados_init = *rados_commands.add_subcommand(
      "init", "Make the pools that are not there, and say what is unsafe about them");
  add_rados_settings(rados_init, rados);
  const auto environment_of_client = std::make_shared<ClientEnvironment>(client_environment());
  std::function<int()> chosen;
  add_backup_commands(app, *environment_of_client, chosen);
  add_kv_commands(app, *environment_of_client, chosen);
  add_transfer_commands(app, *environment_of_client, chosen);
  add_about_commands(app, chosen);
  add_admin_commands(app, *environment_of_client, chosen);
  refuse_empty_numbers(app);
  try {
    app.parse(argc, argv);
    if (chosen) return {.command = [chosen, environment_of_client] { return chosen(); }};
    if (rados_init.parsed()) {
      check_rados_settings(rados);
      return {.rados_init = rados};
    }
    if (check_command.parsed()) return {.check = to_check};
    if (!config_path.empty()) apply_settings_file(serve, config_path);
    return {.serve = check_serve_settings(settings, serve_environment())};
  } catch (const CLI::ParseError& error) {
    return {.exit_code = app.exit(error) == 0 ? 0 : 2};
  } catch (const toml::parse_error& error) {
    std::cerr << "--config: " << config_path << ": " << error.description() << " (line "
              << error.source().begin.line << ")\n";
    return {.exit_code = 2};
  }
}

}  // namespace cubby
