#include "app/check_command.hpp"
#include "app/config.hpp"
#include "app/rados_module.hpp"
#include "app/server.hpp"

int main(int argc, char** argv) {
  const cubby::CommandLine line = cubby::read_command_line(argc, argv);
  if (line.check) return cubby::check_data(*line.check);
  if (line.rados_init) return cubby::prepare_rados(*line.rados_init);
  if (line.command) return line.command();
  if (!line.serve) return line.exit_code;
  return cubby::serve(*line.serve);
}
