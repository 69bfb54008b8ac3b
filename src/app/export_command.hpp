// `cubby export`.
#pragma once

#include <string>

#include "app/client_settings.hpp"
#include "client/transfer.hpp"

namespace cubby {

struct ExportOptions {
  ConnectionFlags connection;
  std::string path = "-";
  std::string id;
  bool all = false;
  std::string prefix;
  std::string format = "jsonl";
  bool resumes = false;
  bool is_dry = false;
  unsigned parallel = 4;
};

// Answers the exit code.
client::Outcome<int> export_keys(const client::Site& site, const ExportOptions& options);

}  // namespace cubby
