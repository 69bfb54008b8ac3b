#include "app/manual.hpp"

#include <fstream>
#include <iostream>

#include "app/completion.hpp"

namespace cubby {
namespace {

// Text that roff shows as it is.
std::string plain(const std::string& text) {
  std::string out;
  bool is_line_begin = true;
  for (const char c : text) {
    if (is_line_begin && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    is_line_begin = c == '\n';
  }
  return out;
}

std::string bold(const std::string& text) {
  return "\\fB" + plain(text) + "\\fR";
}

std::string italic(const std::string& text) {
  return "\\fI" + plain(text) + "\\fR";
}

std::string synopsis_of(const CommandFacts& command) {
  std::string text = bold(command.path);
  if (!command.commands.empty()) text += " " + italic("COMMAND");
  for (const OptionFacts& option : command.options)
    if (option.names.empty()) {
      const std::string name = italic(option.place_name);
      text += option.is_required ? " " + name : " [" + name + "]";
    }
  return text + " [" + italic("OPTION") + "...]\n";
}

std::string entry_of(const OptionFacts& option) {
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + bold(name);
  if (option.names.empty()) names = italic(option.place_name);
  if (!option.names.empty() && option.takes_value) names += " " + italic("VALUE");
  std::string text = ".TP\n" + names + "\n" + plain(option.help);
  if (option.is_required) text += " (required)";
  if (!option.choices.empty()) {
    text += " (one of";
    for (const std::string& choice : option.choices) text += " " + bold(choice);
    text += ")";
  }
  if (!option.environment.empty()) text += " (environment: " + bold(option.environment) + ")";
  return text + "\n";
}

// A command, and those below it as sections of their own.
std::string section_of(const CommandFacts& command, bool is_top) {
  std::string text;
  if (!is_top)
    text += ".SH \"" + command.path + "\"\n" + synopsis_of(command) + ".PP\n" + plain(command.help) + "\n";
  for (const OptionFacts& option : command.options) text += entry_of(option);
  if (!command.footer.empty()) text += ".PP\n" + plain(command.footer) + "\n";
  for (const CommandFacts& each : command.commands) text += section_of(each, false);
  return text;
}

std::string page_of(const CommandFacts& command, const std::string& page, const std::string& body) {
  std::string title = page;
  for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return ".TH " + title + " 1 \"\" \"cubby " CUBBY_VERSION "\"\n.SH NAME\n" + plain(page) + " \\- " +
         plain(command.help) + "\n.SH SYNOPSIS\n" + synopsis_of(command) + body +
         ".SH \"EXIT STATUS\"\n0: done. 1: failed. 2: the command line, or a file that it names, is wrong. "
         "3: no such key or "
         "namespace. 4: no token, or one that may not do this.\n";
}

}  // namespace

std::map<std::string, std::string> manual_pages(const CommandFacts& cubby) {
  std::map<std::string, std::string> pages;
  CommandFacts alone = cubby;
  alone.commands.clear();
  std::string commands = ".SH COMMANDS\n";
  std::string see_also;
  for (const CommandFacts& each : cubby.commands) {
    commands += ".TP\n" + bold(each.name()) + "\n" + plain(each.help) + "\n";
    const std::string page = "cubby-" + each.name();
    see_also += (see_also.empty() ? "" : ", ") + bold(page) + "(1)";
    pages[page + ".1"] = page_of(each, page, ".SH OPTIONS\n" + section_of(each, true)) +
                         ".SH \"SEE ALSO\"\n" + bold("cubby") + "(1)\n";
  }
  pages["cubby.1"] = page_of(cubby, "cubby", commands + ".SH OPTIONS\n" + section_of(alone, true)) +
                     ".SH \"SEE ALSO\"\n" + see_also + "\n";
  return pages;
}

int write_install_files(const CommandFacts& cubby, const std::filesystem::path& folder) {
  std::map<std::string, std::string> files = {{"completion/bash/cubby", bash_completion(cubby)},
                                              {"completion/zsh/_cubby", zsh_completion(cubby)},
                                              {"completion/fish/cubby.fish", fish_completion(cubby)}};
  for (auto& [name, text] : manual_pages(cubby)) files["man/" + name] = std::move(text);
  std::error_code error;
  for (const auto& [name, text] : files) {
    const auto path = folder / name;
    std::filesystem::create_directories(path.parent_path(), error);
    std::ofstream file(path, std::ios::binary);
    if (!(file << text)) {
      std::cerr << "cubby: " << path << " cannot be written\n";
      return 1;
    }
  }
  return 0;
}

}  // namespace cubby
