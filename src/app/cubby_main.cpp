#include "app/backup_command.hpp"
#include "app/check_command.hpp"
#include "app/config.hpp"
#include "app/rados_module.hpp"
#include "app/server.hpp"

int main(int argc, char** argv) {
  const cubby::CommandLine command = cubby::read_command_line(argc, argv);
  if (command.backup) return cubby::run_backup_command(*command.backup);
  if (command.check) return cubby::check_data(*command.check);
  if (command.rados_init) return cubby::prepare_rados(*command.rados_init);
  if (command.client) return command.client();
  if (!command.serve) return command.exit_code;
  return cubby::serve(*command.serve);
}
