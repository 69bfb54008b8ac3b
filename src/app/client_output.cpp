#include "app/client_output.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace cubby {

bool print(std::string_view data) {
  return std::fwrite(data.data(), 1, data.size(), stdout) == data.size() && std::fflush(stdout) == 0;
}

void tell(const std::string& sentence) {
  std::cerr << sentence << '\n';
}

int complain(const client::Failure& failure) {
  std::cerr << "cubby: " << failure.message << '\n';
  if (!failure.advice.empty()) std::cerr << "  " << failure.advice << '\n';
  return failure.exit_code();
}

client::Outcome<bool> confirm(const std::string& question, const std::string& flag) {
  if (::isatty(STDIN_FILENO) == 0)
    return client::usage("this needs a confirmation, and there is no terminal to ask on", flag + " says yes");
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace cubby
