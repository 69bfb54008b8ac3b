#include "app/transfer_command.hpp"

#include "app/client_output.hpp"
#include "app/copy_command.hpp"
#include "app/export_command.hpp"
#include "app/import_command.hpp"

namespace cubby {
namespace {

using client::Outcome;

void add_parallel(CLI::App& command, unsigned& parallel) {
  command.add_option("--parallel", parallel, "How many calls there are at a time")
      ->check(CLI::Range(1u, 64u))
      ->capture_default_str();
}

// An exit code, or what to complain about.
template <class Options>
void on_chosen(CLI::App& command, std::shared_ptr<Options> options, std::function<int()>& chosen,
               std::function<Outcome<int>(const Options&)> run) {
  command.callback([options, run, &chosen] {
    chosen = [options, run] {
      const auto done = run(*options);
      return done ? *done : complain(done.error());
    };
  });
}

void add_export(CLI::App& app, const ClientEnvironment& environment, std::function<int()>& chosen) {
  CLI::App& command = *app.add_subcommand("export", "Write a namespace, or all, into a file");
  const auto options = std::make_shared<ExportOptions>();
  command.add_option("file", options->path, "The file to make; standard output if not given");
  auto* const id = command.add_option("--namespace-id", options->id, "The id of the namespace");
  command.add_flag("--all", options->all, "All namespaces of the account")->excludes(id);
  command.add_option("--prefix", options->prefix, "Only keys that begin so");
  command
      .add_option("--format", options->format, "jsonl: with checksums; wrangler: the array of `kv bulk put`")
      ->check(CLI::IsMember({"jsonl", "wrangler"}))
      ->capture_default_str();
  command.add_flag("--resume", options->resumes, "Go on with an export that was cut short");
  command.add_flag("--dry-run", options->is_dry, "Only count the keys");
  add_parallel(command, options->parallel);
  add_connection_flags(command, options->connection);
  on_chosen<ExportOptions>(command, options, chosen,
                           [&environment](const ExportOptions& given) -> Outcome<int> {
                             const auto remote = resolve_remote(given.connection, environment);
                             if (!remote) return remote.error();
                             return export_keys({remote->connection, remote->account}, given);
                           });
}

void add_import(CLI::App& app, const ClientEnvironment& environment, std::function<int()>& chosen) {
  CLI::App& command =
      *app.add_subcommand("import", "Write the pairs of a file into a namespace, or into several");
  const auto options = std::make_shared<ImportOptions>();
  command
      .add_option("file", options->path, "What export has made, or any file of pairs; - for standard input")
      ->required();
  auto* const id = command.add_option("--namespace-id", options->id, "The id of the namespace to write to");
  command
      .add_flag("--all", options->all,
                "Write to the namespaces with the titles in the file, and create those that are not there")
      ->excludes(id);
  command.add_option(
      "--journal", options->journal,
      "Where to note how far it has come; FILE.journal if not given, none for standard input and pipes");
  command.add_flag("--partial", options->is_partial, "Take an export that was cut short, as far as it goes");
  command.add_flag("--dry-run", options->is_dry, "Only check the file and count what is in it");
  add_parallel(command, options->parallel);
  add_connection_flags(command, options->connection);
  on_chosen<ImportOptions>(command, options, chosen,
                           [&environment](const ImportOptions& given) -> Outcome<int> {
                             if (given.is_dry) return check_import(given);
                             const auto remote = resolve_remote(given.connection, environment);
                             if (!remote) return remote.error();
                             return import_keys({remote->connection, remote->account}, given);
                           });
}

void add_copy(CLI::App& app, const ClientEnvironment& environment, std::function<int()>& chosen) {
  CLI::App& command = *app.add_subcommand("copy", "Copy a namespace, or all, from one server to another");
  const auto options = std::make_shared<CopyOptions>();
  auto* const from =
      command.add_option("--from-namespace-id", options->from_id, "The id of the namespace to read");
  auto* const to =
      command.add_option("--to-namespace-id", options->to_id, "The id of the namespace to write to");
  command
      .add_flag("--all", options->all,
                "All namespaces, into those with the same titles, which are created if need be")
      ->excludes(from)
      ->excludes(to);
  command.add_option("--prefix", options->prefix, "Only keys that begin so");
  command.add_option("--journal", options->journal,
                     "Where to note how far it has come; cubby-copy-….journal here if not given");
  command.add_flag("--verify", options->verifies,
                   "Compare both sides afterwards, and print every difference");
  command.add_flag("--verify-only", options->only_verifies, "Compare, and copy nothing");
  command.add_flag("--dry-run", options->is_dry, "Only count the keys");
  add_parallel(command, options->parallel);
  add_connection_flags(command, options->from, "from-");
  add_connection_flags(command, options->to, "to-");
  on_chosen<CopyOptions>(command, options, chosen, [&environment](const CopyOptions& given) -> Outcome<int> {
    const auto from_remote = resolve_remote(given.from, environment, environment.from);
    if (!from_remote) return from_remote.error();
    const auto to_remote = resolve_remote(given.to, environment, environment.to);
    if (!to_remote) return to_remote.error();
    return copy_keys({from_remote->connection, from_remote->account},
                     {to_remote->connection, to_remote->account}, given);
  });
}

}  // namespace

void add_transfer_commands(CLI::App& app, const ClientEnvironment& environment,
                           std::function<int()>& chosen) {
  add_export(app, environment, chosen);
  add_import(app, environment, chosen);
  add_copy(app, environment, chosen);
}

}  // namespace cubby
