// The real server in a process of its own, to be killed and started again on the same data.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cubby::torture {

inline constexpr const char* token = "torture-0123456789-0123456789-0123456789";
inline constexpr const char* account = "0123456789abcdef0123456789abcdef";

// One start of the server, from when it accepts requests.
struct Uptime {
  int number = 0;       // 1 is the first
  std::string api;      // 127.0.0.1:PORT
  std::string binding;  // unix:PATH
};

// How a server is run that is not like the others.
struct ServerWays {
  std::vector<std::string> runner{};     // a command that becomes the server, by its path
  std::vector<std::string> arguments{};  // more flags of `cubby serve`
};

// `launch`, `await`, `start` and `kill` are for one thread, which outlives the object: the process dies with
// it. The others are for every thread.
class Server {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  // Keeps `data`, the socket of the binding and the log in `directory`. `clock` is a ClockFile's path; its
  // library stands beside this program.
  Server(std::filesystem::path binary, std::filesystem::path directory, std::filesystem::path clock,
         ServerWays ways = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Begins a start and does not wait for it.
  void launch();
  // Until it accepts requests. Throws if it ends instead, or takes half a minute; nobody waits for another
  // start then.
  Uptime await();
  Uptime start() {
    launch();
    return await();
  }
  // Nobody waits for another start any more.
  void give_up();
  // SIGSTOP and SIGCONT.
  void stand_still();
  void go_on();
  // SIGKILL; answers when the process is gone.
  void kill();

  std::filesystem::path data() const { return directory_ / "data"; }

  // Whether somebody has begun to kill this start: what goes wrong with its connections from then on says
  // nothing.
  bool is_killed(int number) const;
  // When that start was gone for certain. REQUIRES: is_killed(number). Waits for it.
  Moment gone_at(int number) const;
  // The first start after that one, waited for. Nothing: there will be no other.
  std::optional<Uptime> start_after(int number) const;

 private:
  Uptime read_addresses();
  std::string read_line(std::chrono::steady_clock::time_point until);

  std::filesystem::path binary_;
  std::filesystem::path directory_;
  std::filesystem::path clock_;
  ServerWays ways_;
  pid_t process_ = 0;
  int output_ = -1;
  std::string input_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Uptime uptime_;  // the latest
  int launched_ = 0;
  int killed_ = 0;  // the latest start that is being killed, or was
  std::map<int, Moment> gone_;
  bool has_failed_ = false;
};

}  // namespace cubby::torture
