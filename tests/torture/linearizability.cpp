// Many clients on few keys, with kills in between: what they saw of each key is the work of a register that
// does one thing at a time.
#include <memory>
#include <thread>

#include "tests/torture/register_client.hpp"
#include "tests/torture/trial.hpp"

namespace cubby::torture {
namespace {

constexpr std::size_t clients = 6;
constexpr std::uint64_t calls_per_client = 60;
constexpr int fixed_rounds = 8;
constexpr Seconds first_second = 1'800'000'000;

// One of the clients of a history. It goes on with the next start when the server is killed.
class Client final : public RegisterClient {
 public:
  Client(std::size_t index, int round, Trial& trial, const Server& server, std::string namespace_id)
      : RegisterClient(index, clients, Random(trial.seed, static_cast<std::uint64_t>(round) * 100 + index),
                       "history " + std::to_string(round) + "/", trial.findings),
        server_(server),
        namespace_id_(std::move(namespace_id)) {}

  void run(Uptime uptime) {
    std::optional<KvClient> client(std::in_place, uptime, namespace_id_);
    for (std::uint64_t call = 0; call < calls_per_client; ++call) {
      try {
        make_some_call(*client);
      } catch (const NoAnswer& failure) {
        const int number = client->uptime().number;
        if (!server_.is_killed(number)) return findings_.violation(failure.what());
        const auto next = server_.start_after(number);
        if (!next) return;
        client.emplace(*next, namespace_id_);
      } catch (const std::exception& failure) {
        return findings_.violation(failure.what());
      }
    }
  }

 private:
  std::int64_t end_of_open_write(const KvClient& client) const override {
    const int number = client.uptime().number;
    if (!server_.is_killed(number)) throw NoAnswer("a write has no answer, and the server lives");
    return server_.gone_at(number).time_since_epoch().count();
  }

  const Server& server_;
  std::string namespace_id_;
};

// Lets the clients run, kills the server once or twice meanwhile, and checks what they saw.
void run_history(int round, Trial& trial, Server& server, Uptime& uptime, const std::string& namespace_id) {
  Random random(trial.seed, 1'000'000 + static_cast<std::uint64_t>(round));
  std::vector<std::unique_ptr<Client>> all;
  for (std::size_t i = 0; i < clients; ++i) {
    all.push_back(std::make_unique<Client>(i, round, trial, server, namespace_id));
  }
  {
    std::vector<std::jthread> threads;
    for (const auto& each : all) {
      threads.emplace_back([client = each.get(), uptime] { client->run(uptime); });
    }
    for (std::uint64_t kills = random.between(1, 2); kills > 0; --kills) {
      std::this_thread::sleep_for(std::chrono::milliseconds(random.between(50, 600)));
      server.kill();
      trial.findings.count("kills");
      uptime = server.start();
    }
  }

  std::vector<const RegisterClient*> seen;
  for (const auto& each : all) seen.push_back(each.get());
  check_histories(seen, trial.findings);
}

}  // namespace

void linearizability(Trial& trial) {
  ClockFile clock(trial.directory / "clock", first_second);
  Server server(trial.binary, trial.directory, clock.path());
  Uptime uptime = server.start();
  const std::string namespace_id = KvClient::create_namespace(uptime, "torture");
  for (int round = 0; trial.goes_on(round, fixed_rounds); ++round) {
    trial.findings.set_context("linearizability, seed " + std::to_string(trial.seed) + ", history " +
                               std::to_string(round));
    run_history(round, trial, server, uptime, namespace_id);
  }
}

}  // namespace cubby::torture
