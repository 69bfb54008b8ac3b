#include "app/kv_command.hpp"

#include "app/client_command.hpp"
#include "app/kv_bulk.hpp"
#include "app/kv_key.hpp"
#include "app/kv_namespace.hpp"

namespace cubby {
namespace {

using client::KvClient;
using client::Outcome;

// What every command of `cubby kv` has.
class Adder {
 public:
  Adder(const ClientEnvironment& environment, std::function<int()>& chosen)
      : commands_(environment, chosen, resolve_remote) {}

  template <class Options>
  std::pair<CLI::App*, Options*> add(CLI::App& parent, const char* name, const char* help,
                                     Outcome<void> (*run)(KvClient&, const Options&)) {
    const auto added = commands_.add<Options>(
        parent, name, help, [run](const Remote& remote, const Options& options) -> Outcome<void> {
          KvClient client(remote.connection, remote.account);
          return run(client, options);
        });
    const std::string says = "Nothing else is possible; for commands written for wrangler";
    added.first->add_flag("--remote", says)->group("Server");
    return added;
  }

 private:
  ClientCommands commands_;
};

void add_json(CLI::App& command, bool& as_json, const char* help = "Print JSON") {
  command.add_flag("--json", as_json, help);
}

void add_namespace_id(CLI::App& command, std::string& id) {
  command.add_option("--namespace-id", id, "The id of the namespace")->required();
}

void add_namespace_commands(CLI::App& kv, Adder& adder) {
  CLI::App& group = *kv.add_subcommand("namespace", "Create, list, rename and delete namespaces");
  group.require_subcommand(1);
  {
    const auto [command, options] = adder.add(group, "create", "Create a namespace", create_namespace);
    command->add_option("namespace", options->title, "The title of the new namespace")->required();
    command->add_option("--jurisdiction", options->jurisdiction,
                        "eu, us or fedramp: where the data is to be");
    command->add_option("--experimental-mode,--x-mode", options->mode, "instant: Cloudflare's KV Instant");
    add_json(*command, options->as_json);
  }
  {
    const auto [command, options] =
        adder.add(group, "list", "Print all namespaces of the account, as JSON", list_namespaces);
    add_json(*command, options->as_json, "The same: it is JSON anyhow");
  }
  {
    const auto [command, options] =
        adder.add(group, "rename", "Give a namespace another title", rename_namespace);
    command->add_option("old-name,--old-name", options->title, "The title of the namespace");
    command->add_option("--namespace-id", options->id, "The id of the namespace, instead of its title");
    command->add_option("--new-name", options->new_title, "The new title")->required();
    add_json(*command, options->as_json);
  }
  {
    const auto [command, options] =
        adder.add(group, "delete", "Delete a namespace with everything in it", delete_namespace);
    command->add_option("namespace", options->title, "The title of the namespace");
    command->add_option("--namespace-id", options->id, "The id of the namespace, instead of its title");
    command->add_flag("-y,--skip-confirmation", options->is_confirmed, "Do not ask");
    add_json(*command, options->as_json);
  }
}

void add_key_commands(CLI::App& kv, Adder& adder) {
  CLI::App& group = *kv.add_subcommand("key", "Write, read, list and delete single keys");
  group.require_subcommand(1);
  {
    const auto [command, options] = adder.add(
        group, "put", "Write a value: an argument, a file, or standard input if neither is given", put_key);
    command->add_option("key", options->key, "The key")->required();
    command->add_option("value", options->value, "The value")->each([options = options](const std::string&) {
      options->has_value = true;
    });
    command->add_option("--path", options->path, "A file with the value; - for standard input");
    add_namespace_id(*command, options->id);
    command->add_option("--ttl", options->put.expiration_ttl, "Seconds until it expires, at least 60");
    command->add_option("--expiration", options->put.expiration, "When it expires, in seconds since 1970");
    command->add_option("--metadata", options->put.metadata, "JSON that is stored beside the value");
    add_json(*command, options->as_json);
  }
  {
    const auto [command, options] = adder.add(group, "get", "Print a value, byte for byte", get_key);
    command->add_option("key", options->key, "The key")->required();
    add_namespace_id(*command, options->id);
    command->add_flag("--text", options->as_text, "End it with a line feed");
    add_json(
        *command, options->as_json,
        "Print an object with value, expiration and metadata; base64 is true where the value is not UTF-8");
  }
  {
    const auto [command, options] =
        adder.add(group, "list", "Print all keys with expiration and metadata, as JSON", list_keys);
    add_namespace_id(*command, options->id);
    command->add_option("--prefix", options->prefix, "Only keys that begin so");
    add_json(*command, options->as_json, "The same: it is JSON anyhow");
  }
  {
    const auto [command, options] = adder.add(group, "delete", "Delete a key", delete_key);
    command->add_option("key", options->key, "The key")->required();
    add_namespace_id(*command, options->id);
    add_json(*command, options->as_json);
  }
}

void add_bulk_commands(CLI::App& kv, Adder& adder) {
  CLI::App& group = *kv.add_subcommand("bulk", "Write, read and delete many keys by a JSON file");
  group.require_subcommand(1);
  const auto add_file = [](CLI::App& command, BulkOptions& options, const char* help) {
    command.add_option("filename", options.path, help)->required();
    add_namespace_id(command, options.id);
    add_json(command, options.as_json);
  };
  {
    const auto [command, options] = adder.add(group, "put", "Write the pairs of a file", bulk_put);
    add_file(*command, *options,
             "An array of objects with key, value and, if wanted, base64, expiration, expiration_ttl and "
             "metadata; - "
             "for standard input");
  }
  {
    const auto [command, options] =
        adder.add(group, "get", "Print values as a JSON object, null for what is not there", bulk_get);
    add_file(*command, *options, "An array of keys, or of objects with a name; - for standard input");
  }
  {
    const auto [command, options] = adder.add(group, "delete", "Delete the keys of a file", bulk_delete);
    add_file(
        *command, *options,
        "An array of keys, or of objects with a name, as `cubby kv key list` prints; - for standard input");
    command->add_flag("-f,--force", options->is_confirmed, "Do not ask");
  }
}

}  // namespace

void add_kv_commands(CLI::App& app, const ClientEnvironment& environment, std::function<int()>& chosen) {
  CLI::App& kv = *app.add_subcommand("kv", "Namespaces and keys of any Workers KV: Cloudflare's or Cubby's");
  kv.require_subcommand(1);
  Adder adder(environment, chosen);
  add_namespace_commands(kv, adder);
  add_key_commands(kv, adder);
  add_bulk_commands(kv, adder);
}

}  // namespace cubby
