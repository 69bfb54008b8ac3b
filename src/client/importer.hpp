// Writes the pairs of a file into namespaces.
#pragma once

#include <functional>
#include <string>

#include "client/import_file.hpp"
#include "client/transfer.hpp"
#include "core/clock.hpp"

namespace cubby::client {

struct ImportJob {
  std::string path;     // "-": standard input
  std::string journal;  // its path; empty: none, and so no going on after a kill
  // The namespace that pairs of the file's namespace go to; called once for each, also an empty one, from one
  // thread at a time. Nothing is given where the file names none.
  std::function<Outcome<NamespaceId>(const NamespaceInfo* in_file)> place;
  std::string place_name;  // the same in words, for the journal
  bool is_partial = false;
  unsigned parallel = 1;
};

// Goes on where the journal says; removes it in the end. Pairs in the file must be good: inspect_import.
// Errors: usage, failed, those of the server.
Outcome<void> run_import(const Site& site, const ImportJob& job, const Clock& clock, Report& report);

}  // namespace cubby::client
