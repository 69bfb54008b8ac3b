// How a setting is declared: one name for flag, environment and file.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace cubby {

// The variable that says the same as a flag: data-dir is CUBBY_DATA_DIR.
inline std::string environment_name(std::string flag) {
  for (char& c : flag) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "CUBBY_" + flag;
}

// One setting, under its one name everywhere. A list takes its flag several times, and commas everywhere.
template <class T>
void add_setting(CLI::App& command, const std::string& name, T& value, const std::string& help) {
  auto* const option = command.add_option("--" + name, value, help);
  option->envname(environment_name(name))->capture_default_str();
  if constexpr (std::is_same_v<T, std::vector<std::string>>) option->delimiter(',');
}

inline void add_switch(CLI::App& command, const std::string& name, bool& value, const std::string& help) {
  command.add_flag("--" + name, value, help)->envname(environment_name(name));
}

}  // namespace cubby
