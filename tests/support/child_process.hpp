// A test of this program that runs in a process of its own, to be killed.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace cubby {

// The child runs the one test `test`, sees `environment` beside the parent's, and reports through
// `tell_parent`. Killed at the latest by the destructor, or when the parent dies.
class ChildProcess {
 public:
  ChildProcess(const std::string& test, const std::map<std::string, std::string>& environment) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    // Everything is prepared before the fork: between it and exec, little is allowed beside threads.
    std::string filter = "--gtest_filter=" + test;
    std::string program = "/proc/self/exe";
    char* const arguments[] = {program.data(), filter.data(), nullptr};
    std::vector<std::string> variables = inherited();
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    variables.push_back(output_variable + std::string("=") + std::to_string(ends[1]));
    std::vector<char*> pointers;
    for (std::string& each : variables) pointers.push_back(each.data());
    pointers.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) exec(arguments, pointers.data(), ends[1]);
    ::close(ends[1]);
    input_ = ends[0];
    if (process_ < 0) throw std::runtime_error("cannot fork");
  }

  ~ChildProcess() {
    kill();
    ::close(input_);
  }

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The next line that the child told; waits for it. Nothing: the child has ended.
  std::optional<std::string> read_line() {
    std::string line;
    for (char c; ::read(input_, &c, 1) == 1;) {
      if (c == '\n') return line;
      line += c;
    }
    return std::nullopt;
  }

  // At once, with no chance to clean up; answers when it is gone. What it told before can still be read.
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  // In the child: one line, whole or not at all. Ends the process when nobody listens any more.
  static void tell_parent(std::string line) {
    static const int output = std::stoi(::getenv(output_variable));
    line += '\n';
    if (::write(output, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(1);
  }

 private:
  static constexpr const char* output_variable = "CUBBY_CHILD_OUTPUT";

  // Without what the outer program's test runner set: the child must not write into its report.
  static std::vector<std::string> inherited() {
    std::vector<std::string> variables;
    for (char** each = environ; *each != nullptr; ++each) {
      const std::string variable = *each;
      if (!variable.starts_with("GTEST_")) variables.push_back(variable);
    }
    return variables;
  }

  [[noreturn]] static void exec(char* const* arguments, char* const* environment, int output) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::fcntl(output, F_SETFD, 0);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::execve(arguments[0], arguments, environment);
    ::_exit(127);
  }

  pid_t process_ = 0;
  int input_ = -1;
};

}  // namespace cubby
