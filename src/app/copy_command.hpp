// `cubby copy`.
#pragma once

#include <string>

#include "app/client_settings.hpp"
#include "client/transfer.hpp"

namespace cubby {

struct CopyOptions {
  ConnectionFlags from;
  ConnectionFlags to;
  std::string from_id;
  std::string to_id;
  bool all = false;
  std::string prefix;
  std::string journal;
  bool verifies = false;
  bool only_verifies = false;
  bool is_dry = false;
  unsigned parallel = 4;
};

// Answers the exit code: 1 if pairs were refused, or differ.
client::Outcome<int> copy_keys(const client::Site& from, const client::Site& to, const CopyOptions& options);

}  // namespace cubby
