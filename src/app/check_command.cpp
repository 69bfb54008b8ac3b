#include "app/check_command.hpp"

#include <iostream>

namespace cubby {

int check_data(const CheckOptions& options) {
  const auto tell = [](const std::string& finding) { std::cout << finding << '\n'; };
  const auto report = check_data_directory(options, tell);
  if (!report) {
    std::cerr << "cubby: " << report.error().argument << '\n';
    return 1;
  }
  std::cout << report->namespaces << " namespaces, " << report->keys << " keys; " << report->damaged
            << " damaged, " << report->repaired << " repaired, " << report->orphans << " orphans"
            << std::endl;
  return report->damaged > report->repaired ? 1 : 0;
}

}  // namespace cubby
