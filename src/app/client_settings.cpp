#include "app/client_settings.hpp"

#include <sys/stat.h>
#include <toml++/toml.h>

#include <fstream>

#include "client/kv_client.hpp"

namespace cubby {
namespace {

using client::Outcome;
using client::usage;

constexpr const char* cloudflare_base_url = "https://api.cloudflare.com/client/v4";

// What one source says, with what only profiles have.
struct Settings : ConnectionSource {
  std::string ca_file;
  std::string rate;
};

Outcome<std::string> read_token(const std::string& path) {
  std::ifstream file(path);
  std::string token;
  if (!(file >> token)) return usage(path + ": no token can be read from it");
  return token;
}

Outcome<Settings> settings_of(const toml::table& profile, const std::string& where) {
  Settings settings;
  for (const auto& [name, node] : profile) {
    const auto text = node.value<std::string>();
    if (!text) return usage(where + ": " + std::string(name.str()) + " must be a string");
    if (name == "base-url") {
      settings.base_url = *text;
    } else if (name == "account-id") {
      settings.account_id = *text;
    } else if (name == "token") {
      settings.token = *text;
    } else if (name == "token-file") {
      const auto token = read_token(*text);
      if (!token) return token.error();
      settings.token = *token;
    } else if (name == "ca-file") {
      settings.ca_file = *text;
    } else if (name == "rate") {
      settings.rate = *text;
    } else {
      return usage(where + " has an unknown setting: " + std::string(name.str()));
    }
  }
  return settings;
}

bool is_private(const std::filesystem::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 && (status.st_mode & 077) == 0;
}

// Nothing if there is no such file or profile.
Outcome<std::optional<Settings>> read_profile(const std::filesystem::path& file, const std::string& name) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return std::optional<Settings>();
  try {
    const toml::table profiles = toml::parse_file(file.string());
    const auto* const profile = profiles[name].as_table();
    if (!profile) return std::optional<Settings>();
    if (profile->contains("token") && !is_private(file))
      return usage(file.string() + " has a token and others may read it", "chmod 600 " + file.string());
    auto settings = settings_of(*profile, file.string() + " [" + name + "]");
    if (!settings) return settings.error();
    return std::optional(*std::move(settings));
  } catch (const toml::parse_error& problem) {
    return usage(file.string() + ": " + std::string(problem.description()) + " (line " +
                 std::to_string(problem.source().begin.line) + ")");
  }
}

Settings from_environment(const ConnectionSource& source) {
  Settings settings;
  static_cast<ConnectionSource&>(settings) = source;
  return settings;
}

Outcome<Settings> choose_source(const ConnectionFlags& flags, const ClientEnvironment& environment,
                                const ConnectionSource& own) {
  const bool is_side = !own.is_empty();
  const std::string& named = flags.profile.empty() && !is_side ? environment.profile : flags.profile;
  if (!named.empty()) {
    auto profile = read_profile(environment.profiles_file, named);
    if (!profile) return profile.error();
    if (!*profile) return usage("there is no profile " + named + " in " + environment.profiles_file.string());
    return **std::move(profile);
  }
  if (is_side) return from_environment(own);
  if (!environment.wrangler.is_empty()) return from_environment(environment.wrangler);
  auto profile = read_profile(environment.profiles_file, "default");
  if (!profile) return profile.error();
  return *profile ? **std::move(profile) : Settings{};
}

void prefer(const std::string& flag, std::string& setting) {
  if (!flag.empty()) setting = flag;
}

// The part of a URL between `//` and the path, without a port.
std::string_view host_of(std::string_view url) {
  const auto begin = url.find("//");
  if (begin != url.npos) url.remove_prefix(begin + 2);
  return url.substr(0, url.find_first_of(":/"));
}

Outcome<client::RateLimit> rate_of(const Settings& settings) {
  if (settings.rate.empty()) {
    const bool is_cloudflare = host_of(settings.base_url).ends_with(".cloudflare.com");
    return is_cloudflare ? client::RateLimit::cloudflare() : client::RateLimit{};
  }
  const auto rate = client::RateLimit::parse(settings.rate);
  if (!rate) return usage("a rate is like 1000/5m, 4/s or none, not " + settings.rate);
  return *rate;
}

Outcome<std::string> only_account(const client::Connection& connection) {
  const auto accounts = client::KvClient::accounts(connection);
  if (!accounts) return accounts.error();
  if (accounts->size() == 1) return accounts->front();
  std::string list;
  for (const std::string& each : *accounts) list += "\n  " + each;
  return usage("the token reaches " + std::to_string(accounts->size()) + " accounts" + list,
               "name one with --account-id or CLOUDFLARE_ACCOUNT_ID");
}

}  // namespace

void add_connection_flags(CLI::App& command, ConnectionFlags& flags, const std::string& prefix) {
  const std::string group = prefix.empty()      ? "Server"
                            : prefix == "from-" ? "Server to read from"
                                                : "Server to write to";
  const auto add = [&](const char* name, auto& value, const char* help) {
    return command.add_option("--" + prefix + name, value, help)->group(group);
  };
  add("base-url", flags.base_url, "Where the API is, such as http://127.0.0.1:8484/client/v4");
  add("account-id", flags.account_id, "The account; the only one of the token if not given");
  add("token-file", flags.token_file,
      "A file with the token; there is no flag for the token itself, for all would see it");
  add("profile", flags.profile, "A profile of the file profiles.toml");
  add("ca-file", flags.ca_file, "A PEM file of authorities to trust instead of the system's");
  add("rate", flags.rate,
      "At most so many calls, such as 1000/5m, 4/s or none; for Cloudflare 1000/5m if not given");
  add("retries", flags.retries, "How often a call is made again, where that is safe")->capture_default_str();
}

Outcome<Remote> resolve_server(const ConnectionFlags& flags, const ClientEnvironment& environment,
                               const ConnectionSource& own) {
  auto settings = choose_source(flags, environment, own);
  if (!settings) return settings.error();
  prefer(flags.base_url, settings->base_url);
  prefer(flags.account_id, settings->account_id);
  prefer(flags.ca_file, settings->ca_file);
  prefer(flags.rate, settings->rate);
  if (!flags.token_file.empty()) {
    const auto token = read_token(flags.token_file);
    if (!token) return token.error();
    settings->token = *token;
  }
  if (settings->base_url.empty()) settings->base_url = cloudflare_base_url;
  while (settings->base_url.ends_with('/')) settings->base_url.pop_back();
  if (settings->token.empty())
    return client::Failure{.kind = client::Failure::Kind::refused,
                           .message = "there is no token for " + settings->base_url,
                           .advice = "set CLOUDFLARE_API_TOKEN, or use --token-file or --profile"};
  const auto rate = rate_of(*settings);
  if (!rate) return rate.error();
  return Remote{.connection = {.base_url = settings->base_url,
                               .token = settings->token,
                               .ca_file = settings->ca_file,
                               .retries = flags.retries,
                               .pacer = std::make_shared<client::Pacer>(*rate)},
                .account = settings->account_id};
}

Outcome<Remote> resolve_remote(const ConnectionFlags& flags, const ClientEnvironment& environment,
                               const ConnectionSource& own) {
  auto server = resolve_server(flags, environment, own);
  if (!server) return server;
  Remote& remote = *server;
  if (remote.account.empty()) {
    auto account = only_account(remote.connection);
    if (!account) return account.error();
    remote.account = *std::move(account);
  }
  return server;
}

}  // namespace cubby
