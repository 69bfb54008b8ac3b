// `cubby backup` and `cubby restore`: what is done with a folder of backups beside the server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace cubby {

struct BackupCommand {
  enum class What { list, verify, prune, restore };

  What what = What::list;
  std::string folder;
  std::uint32_t id = 0;      // 0: all, or the newest
  std::size_t keep = 7;      // of prune
  std::string data_dir;      // of restore
  std::string namespace_id;  // of restore; empty: all
};

// Tells on standard output what was done, a line for each backup or finding. Answers the exit code: 0, or 1
// if something is damaged or could not be done.
int run_backup_command(const BackupCommand& command);

}  // namespace cubby
