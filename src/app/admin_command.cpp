#include "app/admin_command.hpp"

#include <optional>
#include <string>
#include <vector>

#include "app/client_command.hpp"
#include "client/cubby_client.hpp"
#include "core/json_text.hpp"
#include "core/values.hpp"
#include "wire/names.hpp"

namespace cubby {
namespace {

namespace field = names::field;

using client::CubbyClient;
using client::Members;
using client::Outcome;

const std::string tokens_target = "/cubby/v1/tokens";
const std::string accounts_target = "/cubby/v1/accounts";
const client::Failure cannot_print = client::failed("standard output takes no more");

struct Options {
  std::string name;
  std::string id;
  std::string right = "read";
  std::vector<std::string> namespaces;
  std::string key_prefix;
  std::vector<std::string> sources;
  std::optional<std::uint64_t> expiration;
  bool is_for_all_accounts = false;
  bool as_json = false;
};

Outcome<void> print_line(const std::string& text) {
  if (!print(text + "\n")) return cannot_print;
  return {};
}

void add_member(std::string& object, std::string_view name, const std::string& json) {
  object += (object.empty() ? "{" : ",") + json::quoted(name) + ":" + json;
}

std::string array_of(const std::vector<std::string>& texts) {
  std::string array = "[";
  for (const std::string& each : texts) array += (array.size() > 1 ? "," : "") + json::quoted(each);
  return array + "]";
}

// `account` is that of the connection; empty: nobody has said.
std::string body_of(const Options& options, const std::string& account) {
  std::string body;
  add_member(body, field::name, json::quoted(options.name));
  add_member(body, field::right, json::quoted(options.right));
  if (options.is_for_all_accounts)
    add_member(body, field::account_id, "null");
  else if (!account.empty())
    add_member(body, field::account_id, json::quoted(account));
  if (!options.namespaces.empty()) add_member(body, field::namespaces, array_of(options.namespaces));
  if (!options.key_prefix.empty()) add_member(body, field::key_prefix, json::quoted(options.key_prefix));
  if (!options.sources.empty()) add_member(body, field::sources, array_of(options.sources));
  if (options.expiration) add_member(body, field::expiration, std::to_string(*options.expiration));
  return body + "}";
}

// The secret is all that goes to standard output, so that it can go on into a file.
Outcome<void> create_token(const Remote& server, const Options& options) {
  const auto made =
      CubbyClient(server.connection).call("POST", tokens_target, body_of(options, server.account));
  if (!made) return made.error();
  if (options.as_json) return print_line(*made);
  Members token = client::members_of(*made);
  tell("created token " + json::quoted(token["name"]) + " (" + token["id"] + "); its text is told only now");
  return print_line(token["token"]);
}

Outcome<void> list_tokens(const Remote& server, const Options& options) {
  const auto all = CubbyClient(server.connection).call("GET", tokens_target);
  if (!all) return all.error();
  if (options.as_json) return print_line(*all);
  for (Members& each : client::objects_of(*all)) {
    std::string line = each["id"] + "  " + each["status"] + "  " + each["right"] + "  ";
    line += each["account_id"] == "null" ? "all accounts" : each["account_id"];
    if (const auto done = print_line(line + "  " + json::quoted(each["name"])); !done) return done;
  }
  return {};
}

Outcome<void> revoke_token(const Remote& server, const Options& options) {
  const auto revoked = CubbyClient(server.connection).call("DELETE", tokens_target + "/" + options.id);
  if (!revoked) return revoked.error();
  tell("revoked token " + json::quoted(client::members_of(*revoked)["name"]) + " (" + options.id + ")");
  return {};
}

Outcome<void> create_account(const Remote& server, const Options& options) {
  std::string body;
  add_member(body, field::name, json::quoted(options.name));
  const auto made = CubbyClient(server.connection).call("POST", accounts_target, body + "}");
  if (!made) return made.error();
  if (options.as_json) return print_line(*made);
  tell("created account " + json::quoted(options.name));
  return print_line(client::members_of(*made)["id"]);
}

Outcome<void> list_accounts(const Remote& server, const Options& options) {
  const auto all = CubbyClient(server.connection).call("GET", accounts_target);
  if (!all) return all.error();
  if (options.as_json) return print_line(*all);
  for (Members& each : client::objects_of(*all)) {
    if (const auto done = print_line(each["id"] + "  " + json::quoted(each["name"])); !done) return done;
  }
  return {};
}

void add_json(CLI::App& command, Options& options) {
  command.add_flag("--json", options.as_json, "Print JSON");
}

void add_token_commands(CLI::App& app, const ClientCommands& commands) {
  CLI::App& group = *app.add_subcommand("token", "Create, list and revoke the tokens of a Cubby server");
  group.require_subcommand(1);
  {
    const auto [command, options] = commands.add<Options>(
        group, "create", "Create a token and print its text, which is told only now", create_token);
    command->add_option("name", options->name, "What people call it")->required();
    command->add_option("--right", options->right, "read, write or admin")->capture_default_str();
    command->add_option("--namespace-id", options->namespaces, "Only this namespace; any number of times")
        ->delimiter(',');
    command->add_option("--key-prefix", options->key_prefix, "Only keys that begin so");
    command
        ->add_option("--source", options->sources,
                     "Only from this address or range, such as 10.0.0.0/8; any number of times")
        ->delimiter(',');
    command->add_option("--expiration", options->expiration, "When it ends, in seconds since 1970");
    command->add_flag("--all-accounts", options->is_for_all_accounts,
                      "For every account, instead of that of --account-id");
    add_json(*command, *options);
  }
  {
    const auto [command, options] = commands.add<Options>(
        group, "list", "Print id, status, right, account and name of the tokens", list_tokens);
    add_json(*command, *options);
  }
  {
    const auto [command, options] =
        commands.add<Options>(group, "revoke", "Let nobody in by a token, from now on", revoke_token);
    command->add_option("id", options->id, "The id of the token")
        ->required()
        ->check(
            [](const std::string& text) {
              return TokenId::parse(text) ? "" : "must be 32 hexadecimal digits";
            },
            "ID");
  }
}

void add_account_commands(CLI::App& app, const ClientCommands& commands) {
  CLI::App& group = *app.add_subcommand("account", "Create and list the accounts of a Cubby server");
  group.require_subcommand(1);
  {
    const auto [command, options] =
        commands.add<Options>(group, "create", "Create an account and print its id", create_account);
    command->add_option("name", options->name, "What people call it")->required();
    add_json(*command, *options);
  }
  {
    const auto [command, options] =
        commands.add<Options>(group, "list", "Print the accounts that the token reaches", list_accounts);
    add_json(*command, *options);
  }
}

}  // namespace

void add_admin_commands(CLI::App& app, const ClientEnvironment& environment, std::function<int()>& chosen) {
  const ClientCommands commands(environment, chosen, resolve_server);
  add_token_commands(app, commands);
  add_account_commands(app, commands);
}

}  // namespace cubby
