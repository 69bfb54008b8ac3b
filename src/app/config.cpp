#include "app/config.hpp"

#include <toml++/toml.h>
#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <set>
#include <thread>

#include "core/limits.hpp"
#include "service/access.hpp"

namespace cubby {
namespace {

// Settings as text, before they are checked.
struct RawServe {
  std::string data_dir = "cubby-data";
  std::string listen = "127.0.0.1:8484";
  std::string account_id;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  unsigned stop_seconds = 10;
};

std::string environment_name(std::string flag) {
  for (char& c : flag) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "CUBBY_" + flag;
}

// One setting, under its one name everywhere.
template <class T>
void add_setting(CLI::App& command, const std::string& name, T& value, const std::string& help) {
  command.add_option("--" + name, value, help)->envname(environment_name(name))->capture_default_str();
}

void add_serve_settings(CLI::App& serve, RawServe& raw) {
  add_setting(serve, "data-dir", raw.data_dir, "Directory that holds the data; made if it is not there");
  add_setting(serve, "listen", raw.listen, "HOST:PORT of the REST API; port 0 picks a free one");
  add_setting(serve, "account-id", raw.account_id,
              "Id of the first account, 32 hexadecimal digits; made up at the first start if not given");
  add_setting(serve, "threads", raw.threads, "Event loops; one a core is best");
  add_setting(serve, "stop-seconds", raw.stop_seconds, "How long a stop waits for requests in flight");
}

std::string text_of(const toml::node& node) {
  if (const auto text = node.value<std::string>()) return *text;
  if (const auto number = node.value<std::int64_t>()) return std::to_string(*number);
  throw CLI::ValidationError("--config", "values must be strings or integers");
}

// Fills in what neither a flag nor the environment has said.
void apply_file(CLI::App& serve, const std::string& path) {
  const toml::table file = toml::parse_file(path);
  for (const auto& [name, node] : file) {
    auto* const option = serve.get_option_no_throw("--" + std::string(name.str()));
    if (!option || name.str() == "config" || name.str() == "help") {
      throw CLI::ValidationError("--config", path + " has an unknown setting: " + std::string(name.str()));
    }
    if (option->count() > 0) continue;
    option->add_result(text_of(node));
    option->run_callback();
  }
}

std::optional<std::string> environment_token() {
  const char* const token = std::getenv("CUBBY_ADMIN_TOKEN");
  if (!token || !*token) return std::nullopt;
  if (!is_token_shape(token)) {
    throw CLI::ValidationError("CUBBY_ADMIN_TOKEN", "must be 40 to 80 characters of 0-9, A-Z, a-z, _ and -");
  }
  return token;
}

ServeConfig check(const RawServe& raw) {
  if (raw.data_dir.empty()) throw CLI::ValidationError("--data-dir", "must not be empty");
  if (raw.threads < 1 || raw.threads > 256) throw CLI::ValidationError("--threads", "must be 1 to 256");
  auto listen = ListenAddress::parse(raw.listen);
  if (!listen) throw CLI::ValidationError("--listen", listen.error().argument);
  std::optional<AccountId> account_id;
  if (!raw.account_id.empty()) {
    account_id = AccountId::parse(raw.account_id);
    if (!account_id) throw CLI::ValidationError("--account-id", "must be 32 hexadecimal digits");
  }
  return {raw.data_dir, std::move(*listen), account_id, environment_token(), raw.threads, raw.stop_seconds};
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto malformed = [&] { return fail(Errc::internal, "'" + text + "' is not HOST:PORT"); };
  if (colon == std::string::npos || colon == 0) return malformed();
  ListenAddress address{text.substr(0, colon)};
  const bool has_brackets = address.host.starts_with('[') && address.host.ends_with(']');
  if (has_brackets)
    address.host = address.host.substr(1, address.host.size() - 2);
  else if (address.host.find(':') != std::string::npos)
    return malformed();
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc{} || stop != end || address.host.empty()) return malformed();
  return address;
}

CommandLine read_command_line(int argc, const char* const* argv) {
  CLI::App app("Cubby: a self-hosted key-value store that speaks Cloudflare Workers KV");
  app.set_version_flag("--version", "cubby " CUBBY_VERSION);
  app.require_subcommand(1);
  RawServe raw;
  std::string config_path;
  CLI::App& serve = *app.add_subcommand("serve", "Serve the REST API from a data directory");
  add_serve_settings(serve, raw);
  add_setting(serve, "config", config_path,
              "TOML file with any of these settings, such as data-dir = \"/var/lib/cubby\"");
  serve.footer(
      "Each setting may also come from the environment, such as CUBBY_DATA_DIR. CUBBY_ADMIN_TOKEN, 40 to 80\n"
      "characters of 0-9, A-Z, a-z, _ and -, is a valid administrator's token while it is set; without it "
      "the first\n"
      "start makes one and writes it to the file admin-token in the data directory.");
  try {
    app.parse(argc, argv);
    if (!config_path.empty()) apply_file(serve, config_path);
    return {.serve = check(raw), .exit_code = 0};
  } catch (const CLI::ParseError& error) {
    return {.serve = std::nullopt, .exit_code = app.exit(error)};
  } catch (const toml::parse_error& error) {
    std::cerr << "--config: " << config_path << ": " << error.description() << " (line "
              << error.source().begin.line << ")\n";
    return {.serve = std::nullopt, .exit_code = 2};
  }
}

}  // namespace cubby
