#include "app/backup_command.hpp"

#include <charconv>
#include <ctime>
#include <string>

#include "app/client_command.hpp"
#include "client/cubby_client.hpp"
#include "net/backup_api.hpp"
#include "store/backup.hpp"
#include "wire/names.hpp"

namespace cubby {
namespace {

using client::CubbyClient;
using client::Failure;
using client::Members;
using client::Outcome;

const Failure cannot_print = client::failed("standard output takes no more");

struct Options {
  std::string folder;    // empty, where that is allowed: the server's
  std::uint32_t id = 0;  // 0: all, or the newest
  std::size_t keep = 7;
  std::string data_dir;
  std::string namespace_id;  // empty: all
  bool as_json = false;

  std::optional<std::uint32_t> chosen() const { return id ? std::optional(id) : std::nullopt; }
};

Failure failure_of(const Error& error) {
  return client::failed(error.argument);
}

Outcome<void> print_line(const std::string& text) {
  if (!print(text + "\n")) return cannot_print;
  return {};
}

std::string line_of(const BackupInfo& info) {
  const std::time_t seconds = info.made_at.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char time[32];
  std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return "backup " + std::to_string(info.id) + ": " + time + ", " + std::to_string(info.bytes) + " bytes, " +
         std::to_string(info.value_files) + " value files";
}

// ---- Of a server that runs

// 0 for what is no number.
template <class Number>
Number number_in(const Members& members, const char* name) {
  Number number{};
  const auto found = members.find(name);
  if (found != members.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  return number;
}

BackupInfo info_of(const Members& members) {
  return {.id = number_in<std::uint32_t>(members, "id"),
          .made_at = Instant{std::chrono::seconds(number_in<std::int64_t>(members, "made_at"))},
          .bytes = number_in<std::uint64_t>(members, "bytes"),
          .value_files = number_in<std::uint64_t>(members, "value_files")};
}

Outcome<std::string> call_server(const Remote& server, const char* method) {
  auto result = CubbyClient(server.connection)
                    .call(method, std::string(names::backups), {}, CubbyClient::Patience::endless);
  if (result || result.error().status != 404) return result;
  Failure failure = result.error();
  failure.kind = Failure::Kind::other;
  failure.message = server.connection.base_url + " makes no backups";
  failure.advice = "a Cubby server does that which was started with --backup-dir";
  return failure;
}

Outcome<void> create(const Remote& server, const Options& options) {
  const auto made = call_server(server, "POST");
  if (!made) return made.error();
  return print_line(options.as_json ? *made : line_of(info_of(client::members_of(*made))));
}

Outcome<void> list_of_server(const Remote& server, const Options& options) {
  const auto all = call_server(server, "GET");
  if (!all) return all.error();
  if (options.as_json) return print_line(*all);
  for (const Members& each : client::objects_of(*all))
    if (const auto done = print_line(line_of(info_of(each))); !done) return done;
  return {};
}

// ---- Of a folder

Outcome<void> list_of_folder(const Options& options) {
  const auto infos = list_backups(options.folder);
  if (!infos) return failure_of(infos.error());
  std::string text;
  for (const BackupInfo& each : *infos) {
    if (options.as_json)
      text += (text.empty() ? "" : ",") + json_of(each);
    else
      text += line_of(each) + "\n";
  }
  if (options.as_json) return print_line("[" + text + "]");
  if (!print(text)) return cannot_print;
  return {};
}

Outcome<void> verify(const Options& options) {
  const auto damaged = verify_backups(options.folder, options.chosen(),
                                      [](const std::string& finding) { print(finding + "\n"); });
  if (!damaged) return failure_of(damaged.error());
  if (auto done = print_line(std::to_string(*damaged) + " damaged"); !done) return done;
  if (*damaged > 0) return client::failed("not every backup is whole", "make a new one");
  return {};
}

Outcome<void> prune(const Options& options) {
  const auto removed = prune_backups(options.folder, options.keep);
  if (!removed) return failure_of(removed.error());
  return print_line(std::to_string(*removed) + " removed");
}

Outcome<void> restore(const Options& options) {
  RestoreOptions wanted{.folder = options.folder,
                        .id = options.chosen(),
                        .data_directory = options.data_dir,
                        .only = std::nullopt};
  if (!options.namespace_id.empty()) {
    wanted.only = NamespaceId::parse(options.namespace_id);
    if (!wanted.only) return client::usage("--namespace must be 32 hexadecimal digits");
  }
  const auto restored = restore_backup(wanted);
  if (!restored) return failure_of(restored.error());
  return print_line(line_of(*restored));
}

// ---- The command line

using Run = std::function<Outcome<void>(const Options&)>;

// A command on a folder, or with `is_optional` on one if it is named.
std::pair<CLI::App*, Options*> add(CLI::App& parent, const char* name, const char* help,
                                   std::function<int()>& chosen, const Run& run, bool is_optional = false) {
  CLI::App* const added = parent.add_subcommand(name, help);
  const auto options = std::make_shared<Options>();
  auto* const folder =
      added
          ->add_option("--backup-dir", options->folder,
                       is_optional ? "The folder of backups; without it the server is asked for its own"
                                   : "The folder of backups")
          ->envname("CUBBY_BACKUP_DIR");
  if (!is_optional) folder->required();
  added->callback([options, run, &chosen] {
    chosen = [options, run] {
      const auto done = run(*options);
      return done ? 0 : complain(done.error());
    };
  });
  return {added, options.get()};
}

void add_list(CLI::App& group, const ClientEnvironment& environment, std::function<int()>& chosen) {
  const auto connection = std::make_shared<ConnectionFlags>();
  const Run run = [connection, &environment](const Options& options) -> Outcome<void> {
    if (!options.folder.empty()) return list_of_folder(options);
    const auto server = resolve_server(*connection, environment);
    if (!server) return server.error();
    return list_of_server(*server, options);
  };
  const auto [command, options] =
      add(group, "list", "List the backups that were finished", chosen, run, true);
  command->add_flag("--json", options->as_json, "Print JSON");
  add_connection_flags(*command, *connection);
}

}  // namespace

void add_backup_commands(CLI::App& app, const ClientEnvironment& environment, std::function<int()>& chosen) {
  CLI::App& group = *app.add_subcommand("backup", "Make backups of a server that runs, and look after them");
  group.require_subcommand(1);
  {
    const ClientCommands commands(environment, chosen, resolve_server);
    const auto [command, options] = commands.add<Options>(
        group, "create", "Have a server make a backup now, and wait until it is finished", create);
    command->add_flag("--json", options->as_json, "Print JSON");
  }
  add_list(group, environment, chosen);
  {
    const auto [command, options] =
        add(group, "verify", "Read backups against their checksums", chosen, verify);
    command->add_option("--id", options->id, "Only this backup; all if not given");
  }
  {
    const auto [command, options] = add(group, "prune", "Remove old backups", chosen, prune);
    command->add_option("--keep", options->keep, "How many of the newest to leave; at least 1")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
        ->capture_default_str();
  }
  const auto [command, options] = add(app, "restore", "Make a data directory from a backup", chosen, restore);
  command->add_option("--data-dir", options->data_dir, "The directory to make; must be new or empty")
      ->required();
  command->add_option("--id", options->id, "This backup; the newest if not given");
  command->add_option("--namespace", options->namespace_id,
                      "Id of the one namespace to restore; all if not given");
}

}  // namespace cubby
