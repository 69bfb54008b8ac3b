#include "tests/torture/server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

namespace cubby::torture {
namespace {

constexpr std::chrono::seconds start_seconds_max{30};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& each : texts) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Server::Server(std::filesystem::path binary, std::filesystem::path directory, std::filesystem::path clock,
               ServerWays ways)
    : binary_(std::move(binary)),
      directory_(std::move(directory)),
      clock_(std::move(clock)),
      ways_(std::move(ways)) {}

Server::~Server() {
  kill();
}

void Server::launch() {
  {
    const std::lock_guard lock(mutex_);
    ++launched_;
  }
  // Each start has a socket of its own, so that no client of an earlier one reaches it by mistake.
  const auto binding = directory_ / ("binding-" + std::to_string(launched_));
  // Everything is prepared before the fork: between it and exec, little is allowed beside threads.
  std::vector<std::string> arguments = ways_.runner;
  const std::string flags[] = {
      binary_,          "serve",       "--data-dir",       data(),
      "--listen",       "127.0.0.1:0", "--binding-listen", "unix:" + binding.string(),
      "--binding-auth", "none",        "--account-id",     account};
  arguments.insert(arguments.end(), std::begin(flags), std::end(flags));
  arguments.insert(arguments.end(), ways_.arguments.begin(), ways_.arguments.end());
  const auto library = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "libmoved_clock.so";
  std::vector<std::string> environment{std::string("CUBBY_ADMIN_TOKEN=") + token,
                                       "CUBBY_TORTURE_CLOCK=" + clock_.string(),
                                       "LD_PRELOAD=" + library.string()};
  const std::vector<char*> argument_pointers = pointers_to(arguments);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  const std::string log = directory_ / "server.log";
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
    ::execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  output_ = ends[0];
  input_.clear();
  if (process_ < 0) throw std::runtime_error("cannot fork");
}

Uptime Server::await() {
  Uptime uptime;
  try {
    uptime = read_addresses();
  } catch (...) {
    give_up();
    throw;
  }
  const std::lock_guard lock(mutex_);
  uptime.number = launched_;
  uptime_ = uptime;
  changed_.notify_all();
  return uptime;
}

Uptime Server::read_addresses() {
  const auto until = std::chrono::steady_clock::now() + start_seconds_max;
  Uptime uptime;
  while (uptime.api.empty()) {
    const std::string line = read_line(until);
    if (line.starts_with("binding ")) uptime.binding = line.substr(8);
    if (line.starts_with("api http://")) uptime.api = line.substr(11);
  }
  return uptime;
}

void Server::kill() {
  if (process_ <= 0) return;
  {
    const std::lock_guard lock(mutex_);
    killed_ = launched_;
  }
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  ::close(output_);
  process_ = 0;
  const std::lock_guard lock(mutex_);
  gone_[launched_] = std::chrono::steady_clock::now();
  changed_.notify_all();
}

void Server::give_up() {
  const std::lock_guard lock(mutex_);
  has_failed_ = true;
  changed_.notify_all();
}

void Server::stand_still() {
  ::kill(process_, SIGSTOP);
}

void Server::go_on() {
  ::kill(process_, SIGCONT);
}

bool Server::is_killed(int number) const {
  const std::lock_guard lock(mutex_);
  return killed_ >= number;
}

Server::Moment Server::gone_at(int number) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return gone_.contains(number); });
  return gone_.at(number);
}

std::optional<Uptime> Server::start_after(int number) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return uptime_.number > number || has_failed_; });
  if (uptime_.number > number) return uptime_;
  return std::nullopt;
}

std::string Server::read_line(std::chrono::steady_clock::time_point until) {
  auto end = input_.find('\n');
  for (; end == std::string::npos; end = input_.find('\n')) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd wanted{output_, POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0) {
      throw std::runtime_error("the server did not start within half a minute");
    }
    char bytes[4096];
    const auto count = ::read(output_, bytes, sizeof bytes);
    if (count <= 0) throw std::runtime_error("the server did not start: see server.log");
    input_.append(bytes, static_cast<std::size_t>(count));
  }
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  return line;
}

}  // namespace cubby::torture
