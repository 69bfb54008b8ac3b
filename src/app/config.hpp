// What the operator decides: from flags, the environment and a file to one checked struct.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/values.hpp"

namespace cubby {

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;  // 0 picks a free one

  // "HOST:PORT", an IPv6 address in brackets. Errors: internal, with a sentence for the operator.
  static Result<ListenAddress> parse(const std::string& text);
};

struct ServeConfig {
  std::filesystem::path data_dir;
  ListenAddress listen;
  std::optional<AccountId> account_id;  // the first account's; nothing: made up at the first start
  std::optional<std::string>
      admin_token;            // CUBBY_ADMIN_TOKEN; never a flag, which everybody on the machine could read
  unsigned threads = 0;       // event loops; at least 1
  unsigned stop_seconds = 0;  // how long a stop waits for requests in flight
};

// What `main` is to do.
struct CommandLine {
  std::optional<ServeConfig> serve;  // nothing: `exit_code` is all there is to do
  int exit_code = 0;
};

// Reads argv and the environment; the only place that does. Each setting may come from a flag (--data-dir),
// from the environment (CUBBY_DATA_DIR) or from the TOML file that --config names (data-dir = "…"); the first
// of these wins. Prints help and complaints itself.
CommandLine read_command_line(int argc, const char* const* argv);

}  // namespace cubby
