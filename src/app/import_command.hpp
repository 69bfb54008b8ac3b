// `cubby import`.
#pragma once

#include <string>

#include "app/client_settings.hpp"
#include "client/transfer.hpp"

namespace cubby {

struct ImportOptions {
  ConnectionFlags connection;
  std::string path;
  std::string id;
  bool all = false;
  std::string journal;
  bool is_partial = false;
  bool is_dry = false;
  unsigned parallel = 4;
};

// Both answer the exit code. The first only looks at the file.
client::Outcome<int> check_import(const ImportOptions& options);
client::Outcome<int> import_keys(const client::Site& site, const ImportOptions& options);

}  // namespace cubby
