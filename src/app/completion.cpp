#include "app/completion.hpp"

namespace cubby {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// In fish a backslash escapes within single quotes.
std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// "word:help" of zsh's _describe.
std::string described(const std::string& word, const std::string& help) {
  std::string text;
  for (const char c : word) text += c == ':' ? std::string("\\:") : std::string(1, c);
  return quoted(text + ":" + help);
}

template <class Visit>
void for_each_name(const CommandFacts& command, const Visit& visit) {
  for (const OptionFacts& option : command.options)
    for (const std::string& name : option.names) visit(option, name);
}

std::string joined(const std::vector<std::string>& words, const char* between = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

// A `case` pattern of all commands below.
std::string paths_pattern(const CommandFacts& cubby) {
  std::vector<std::string> paths;
  for_each_command(cubby, [&](const CommandFacts& command) {
    if (command.path != cubby.path) paths.push_back("\"" + command.path + "\"");
  });
  return joined(paths, " | ");
}

// What may follow an option: its choices, or whatever the shell makes of it, by default names of files.
std::string bash_values(const CommandFacts& cubby) {
  std::string text;
  for_each_command(cubby, [&](const CommandFacts& command) {
    for_each_name(command, [&](const OptionFacts& option, const std::string& name) {
      if (!option.takes_value) return;
      text += "    \"" + command.path + " " + name + "\") COMPREPLY=($(compgen -W " +
              quoted(joined(option.choices)) + " -- \"$word\")); return ;;\n";
    });
  });
  return text;
}

}  // namespace

std::string bash_completion(const CommandFacts& cubby) {
  std::string words;
  for_each_command(cubby, [&](const CommandFacts& command) {
    std::vector<std::string> options;
    std::vector<std::string> commands;
    for_each_name(command, [&](const OptionFacts&, const std::string& name) { options.push_back(name); });
    commands.reserve(command.commands.size());
    for (const CommandFacts& each : command.commands) commands.push_back(each.name());
    for (const OptionFacts& option : command.options)
      if (option.names.empty()) commands.insert(commands.end(), option.choices.begin(), option.choices.end());
    words += "    \"" + command.path + "\") options=" + quoted(joined(options)) +
             " commands=" + quoted(joined(commands)) + " ;;\n";
  });
  return "# bash completion of cubby: source <(cubby completion bash)\n"
         "_cubby() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} at=cubby i options "
         "commands\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$at ${COMP_WORDS[i]}\" in\n      " +
         paths_pattern(cubby) +
         ") at=\"$at ${COMP_WORDS[i]}\" ;;\n"
         "    esac\n"
         "  done\n"
         "  COMPREPLY=()\n"
         "  case \"$at $previous\" in\n" +
         bash_values(cubby) +
         "  esac\n"
         "  case \"$at\" in\n" +
         words +
         "  esac\n"
         "  if [[ $word == -* ]]; then commands=$options; fi\n"
         "  COMPREPLY=($(compgen -W \"$commands\" -- \"$word\"))\n"
         "}\n"
         "complete -o bashdefault -o default -F _cubby cubby\n";
}

std::string zsh_completion(const CommandFacts& cubby) {
  std::string cases;
  std::string values;
  for_each_command(cubby, [&](const CommandFacts& command) {
    std::string options;
    std::string commands;
    for_each_name(command, [&](const OptionFacts& option, const std::string& name) {
      options += " " + described(name, option.help);
      if (option.takes_value)
        values += "    \"" + command.path + " " + name + "\") " +
                  (option.choices.empty() ? "_files" : "compadd -- " + joined(option.choices)) +
                  "; return ;;\n";
    });
    for (const CommandFacts& each : command.commands) commands += " " + described(each.name(), each.help);
    for (const OptionFacts& option : command.options)
      if (option.names.empty())
        for (const std::string& choice : option.choices) commands += " " + described(choice, "");
    cases += "    \"" + command.path + "\")\n      options=(" + options + " )\n      commands=(" + commands +
             " ) ;;\n";
  });
  return "#compdef cubby\n"
         "# zsh completion of cubby: source <(cubby completion zsh)\n"
         "_cubby() {\n"
         "  local at=cubby i\n"
         "  local -a options commands\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n"
         "    case \"$at ${words[i]}\" in\n      " +
         paths_pattern(cubby) +
         ") at=\"$at ${words[i]}\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$at ${words[CURRENT - 1]}\" in\n" +
         values +
         "  esac\n"
         "  case \"$at\" in\n" +
         cases +
         "  esac\n"
         "  if [[ ${words[CURRENT]} == -* ]]; then\n"
         "    _describe option options\n"
         "  elif (( ${#commands} )); then\n"
         "    _describe command commands\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "if [[ ${funcstack[1]} == _cubby ]]; then _cubby \"$@\"; else compdef _cubby cubby; fi\n";
}

std::string fish_completion(const CommandFacts& cubby) {
  std::string text =
      "# fish completion of cubby: cubby completion fish | source\n"
      "function __cubby_at\n"
      "  set -l at cubby\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    switch \"$at $word\"\n"
      "      case ";
  std::vector<std::string> paths;
  for_each_command(cubby, [&](const CommandFacts& command) {
    if (command.path != cubby.path) paths.push_back(fish_quoted(command.path));
  });
  text += joined(paths) +
          "\n"
          "        set at \"$at $word\"\n"
          "    end\n"
          "  end\n"
          "  test \"$at\" = \"$argv[1]\"\n"
          "end\n";
  for_each_command(cubby, [&](const CommandFacts& command) {
    const std::string begin = "complete -c cubby -n " + fish_quoted("__cubby_at \"" + command.path + "\"");
    for (const CommandFacts& each : command.commands)
      text += begin + " -f -a " + fish_quoted(each.name()) + " -d " + fish_quoted(each.help) + "\n";
    for (const OptionFacts& option : command.options) {
      if (option.names.empty() && !option.choices.empty())
        text += begin + " -f -a " + fish_quoted(joined(option.choices)) + "\n";
      if (option.names.empty()) continue;
      text += begin;
      for (const std::string& name : option.names)
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (option.takes_value) text += " -r";
      if (!option.choices.empty()) text += " -f -a " + fish_quoted(joined(option.choices));
      text += " -d " + fish_quoted(option.help) + "\n";
    }
  });
  return text;
}

}  // namespace cubby
