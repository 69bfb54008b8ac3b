// Which server, account and token a client command works with.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "client/http_client.hpp"

namespace cubby {

// A base URL, an account and a token, as some source gives them; empty where it does not.
struct ConnectionSource {
  std::string base_url;
  std::string account_id;
  std::string token;

  bool is_empty() const { return base_url.empty() && account_id.empty() && token.empty(); }
};

// What the environment says to client commands; read by `app/config.cpp`.
struct ClientEnvironment {
  ConnectionSource wrangler;  // CLOUDFLARE_API_BASE_URL, CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN, and
                              // their older names CF_…
  ConnectionSource from;      // CUBBY_FROM_API_BASE_URL, …, of `cubby copy`
  ConnectionSource to;        // CUBBY_TO_…
  std::string profile;        // CUBBY_PROFILE
  std::filesystem::path profiles_file;
};

// The flags.
struct ConnectionFlags {
  std::string base_url;
  std::string account_id;
  std::string token_file;
  std::string profile;
  std::string ca_file;
  std::string rate;
  unsigned retries = 5;
};

// Adds them; `prefix` is "", "from-" or "to-".
void add_connection_flags(CLI::App& command, ConnectionFlags& flags, const std::string& prefix = {});

// A server that can be called; `account` is empty if nobody has said which.
struct Remote {
  client::Connection connection;
  std::string account;
};

// Flags come first; all else is from one source, so that a token never goes to the server of another one:
// the profile that is named, or `own` (the side's variables of `cubby copy`), or wrangler's variables, or the
// profile `default`. The base URL is Cloudflare's if nothing says otherwise.
// Errors: usage; refused, if there is no token; those of the call.
client::Outcome<Remote> resolve_server(const ConnectionFlags& flags, const ClientEnvironment& environment,
                                       const ConnectionSource& own = {});

// The same, and the account: without one the server is asked; there must be one only.
client::Outcome<Remote> resolve_remote(const ConnectionFlags& flags, const ClientEnvironment& environment,
                                       const ConnectionSource& own = {});

}  // namespace cubby
