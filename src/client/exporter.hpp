// Writes namespaces into a file.
#pragma once

#include <string>
#include <vector>

#include "client/export_file.hpp"
#include "client/transfer.hpp"

namespace cubby::client {

struct ExportJob {
  std::vector<NamespaceInfo> namespaces;
  std::string prefix;
  FileFormat format = FileFormat::jsonl;
  std::string path;  // "-": standard output
  bool resumes = false;
  unsigned parallel = 1;
};

// Memory: `parallel` times what read_values needs, and as much again of text that waits for its turn.
// Errors: usage (the file is there; it is of another job), failed, those of the server. An unfinished file
// stays.
Outcome<void> run_export(const Site& site, const ExportJob& job, Report& report);

}  // namespace cubby::client
