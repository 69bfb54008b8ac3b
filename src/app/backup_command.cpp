#include "app/backup_command.hpp"

#include <ctime>
#include <iostream>

#include "store/backup.hpp"

namespace cubby {
namespace {

int complain(const Error& error) {
  std::cerr << "cubby: " << error.argument << '\n';
  return 1;
}

void tell(const BackupInfo& info) {
  const std::time_t seconds = info.made_at.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char time[32];
  std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &parts);
  std::cout << "backup " << info.id << ": " << time << ", " << info.bytes << " bytes, " << info.value_files
            << " value files\n";
}

int list(const BackupCommand& command) {
  const auto infos = list_backups(command.folder);
  if (!infos) return complain(infos.error());
  for (const BackupInfo& each : *infos) tell(each);
  return 0;
}

int verify(const BackupCommand& command) {
  const auto id = command.id ? std::optional(command.id) : std::nullopt;
  const auto damaged =
      verify_backups(command.folder, id, [](const std::string& finding) { std::cout << finding << '\n'; });
  if (!damaged) return complain(damaged.error());
  std::cout << *damaged << " damaged" << std::endl;
  return *damaged > 0 ? 1 : 0;
}

int prune(const BackupCommand& command) {
  const auto removed = prune_backups(command.folder, command.keep);
  if (!removed) return complain(removed.error());
  std::cout << *removed << " removed" << std::endl;
  return 0;
}

int restore(const BackupCommand& command) {
  RestoreOptions options{.folder = command.folder,
                         .id = command.id ? std::optional(command.id) : std::nullopt,
                         .data_directory = command.data_dir,
                         .only = std::nullopt};
  if (!command.namespace_id.empty()) {
    options.only = NamespaceId::parse(command.namespace_id);
    if (!options.only) return complain(fail(Errc::internal, "--namespace must be 32 hexadecimal digits"));
  }
  const auto restored = restore_backup(options);
  if (!restored) return complain(restored.error());
  tell(*restored);
  return 0;
}

}  // namespace

int run_backup_command(const BackupCommand& command) {
  switch (command.what) {
    case BackupCommand::What::list:
      return list(command);
    case BackupCommand::What::verify:
      return verify(command);
    case BackupCommand::What::prune:
      return prune(command);
    case BackupCommand::What::restore:
      return restore(command);
  }
  return 1;
}

}  // namespace cubby
