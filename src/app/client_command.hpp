// Commands that are calls of one server.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "app/client_output.hpp"
#include "app/client_settings.hpp"

namespace cubby {

class ClientCommands {
 public:
  // How the server of a command is found: `resolve_server`, or `resolve_remote` where an account is needed.
  using Resolve = client::Outcome<Remote> (*)(const ConnectionFlags&, const ClientEnvironment&,
                                              const ConnectionSource&);

  // `chosen` becomes what is to run, if it is one of the commands; it answers the exit code. Both arguments
  // must outlive it.
  ClientCommands(const ClientEnvironment& environment, std::function<int()>& chosen, Resolve resolve)
      : environment_(environment), chosen_(chosen), resolve_(resolve) {}

  // Adds a command with the flags that name a server. `run` does it and answers what is to be complained
  // about. The command's own options are added to what is returned.
  template <class Options>
  std::pair<CLI::App*, Options*> add(
      CLI::App& parent, const char* name, const char* help,
      std::function<client::Outcome<void>(const Remote&, const Options&)> run) const {
    struct Command {
      ConnectionFlags connection;
      Options options{};
    };
    CLI::App* const added = parent.add_subcommand(name, help);
    const auto command = std::make_shared<Command>();
    add_connection_flags(*added, command->connection);
    added->callback([command, run, resolve = resolve_, &environment = environment_, &chosen = chosen_] {
      chosen = [command, run, resolve, &environment] {
        const auto server = resolve(command->connection, environment, {});
        if (!server) return complain(server.error());
        const auto done = run(*server, command->options);
        return done ? 0 : complain(done.error());
      };
    });
    return {added, &command->options};
  }

 private:
  const ClientEnvironment& environment_;
  std::function<int()>& chosen_;
  const Resolve resolve_;
};

}  // namespace cubby
