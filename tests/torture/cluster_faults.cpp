// Three servers over one Ceph cluster, of which this and that breaks while shards split and merge: what
// clients saw of a key is the work of a register that does one thing at a time, whichever server they asked;
// nobody waits for ever; and service returns.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <latch>
#include <limits>
#include <memory>
#include <thread>

#include "tests/torture/register_client.hpp"
#include "tests/torture/trial.hpp"

namespace cubby::torture {
namespace {

constexpr std::size_t server_count = 3;
constexpr std::size_t clients = 6;
constexpr std::size_t churners = 2;
constexpr std::size_t churned_keys = 60;
constexpr int fixed_rounds = 5;
constexpr Seconds first_second = 1'800'000'000;

// A server waits for the cluster some times, each as long as the cluster's ceph.conf says (5 s): for the
// writes before a write, for the write itself, and to find out what has become of it.
constexpr std::chrono::seconds answer_max{60};
constexpr std::chrono::seconds service_returns_within{120};

// Bulk calls of one shard, each a group of its own: one after the other they would wait for a minute.
constexpr std::size_t waiting_calls = 12;
constexpr std::size_t pairs_of_a_call = 200;
constexpr std::chrono::seconds refused_within{30};

using Moment = std::chrono::steady_clock::time_point;

// The cluster, by the script that has started it.
class Cluster {
 public:
  Cluster(std::filesystem::path script, std::filesystem::path conf)
      : script_(std::move(script)), conf_(std::move(conf)) {}

  void operator()(const std::string& action, const std::string& arguments = {}) const {
    const std::string command =
        script_.string() + " " + action + " " + conf_.parent_path().string() + " " + arguments;
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  }

  // How it is, for whoever reads the test's output.
  void tell() const {
    try {
      (*this)("state");
    } catch (const std::exception& failure) {
      std::cout << failure.what() << std::endl;
    }
  }

  const std::filesystem::path& conf() const { return conf_; }
  // Whether parts of it can be cut off: see the script.
  bool has_cuts() const { return std::getenv("CUBBY_CLUSTER_CUTS") != nullptr; }

 private:
  std::filesystem::path script_;
  std::filesystem::path conf_;
};

// When everybody was last served, and how long anybody was not.
class Service {
 public:
  void note(std::size_t who) {
    const std::lock_guard lock(mutex_);
    const Moment now = std::chrono::steady_clock::now();
    gap_ = std::max(gap_, now - served_.at(who));
    served_.at(who) = now;
    changed_.notify_all();
  }

  // Until everybody has been served by a call that began after now. False: that takes too long.
  bool await() {
    std::unique_lock lock(mutex_);
    const Moment now = std::chrono::steady_clock::now();
    // Two answers: the first may be that of a call from before.
    std::array<Moment, clients + churners> first = served_;
    const auto is_served = [&](std::size_t who) {
      return first.at(who) > now && served_.at(who) > first.at(who);
    };
    const auto all_are_served = [&] {
      bool all = true;
      for (std::size_t who = 0; who < served_.size(); ++who) {
        if (first.at(who) <= now) first.at(who) = served_.at(who);
        all = all && is_served(who);
      }
      return all;
    };
    return changed_.wait_for(lock, service_returns_within, all_are_served);
  }

  // And forgets it.
  std::chrono::milliseconds longest_gap() {
    const std::lock_guard lock(mutex_);
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::exchange(gap_, {}));
  }

  void begin() {
    const std::lock_guard lock(mutex_);
    served_.fill(std::chrono::steady_clock::now());
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Moment, clients + churners> served_{};
  std::chrono::steady_clock::duration gap_{};
};

// What all clients of a round share.
struct Round {
  Trial& trial;
  const std::vector<std::unique_ptr<Server>>& servers;
  std::string namespace_id;
  std::string prefix;  // of the names of all keys of this round
  Service service{};
  std::atomic<bool> is_over = false;
};

// Calls `step` with a client of a server, and of its next start if it was killed, until the round is over.
template <typename Step>
void keep_calling(Round& round, std::size_t who, const Step& step) {
  const Server& server = *round.servers[who % server_count];
  std::optional<Uptime> uptime = server.start_after(0);
  std::optional<KvClient> client;
  try {
    while (!round.is_over && uptime) {
      if (!client) client.emplace(*uptime, round.namespace_id, answer_max);
      try {
        step(*client);
        round.service.note(who);
      } catch (const Refused& refusal) {
        if (refusal.status != 503 && refusal.status != 507) throw;
        round.trial.findings.count("calls refused with " + std::to_string(refusal.status));
        // On a new connection, for the server ends those that have been idle, and after a moment.
        client.reset();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      } catch (const NoAnswer& failure) {
        client.reset();
        if (server.is_killed(uptime->number)) {
          uptime = server.start_after(uptime->number);
          continue;
        }
        // The head of an answer may have gone before the cluster failed to give the rest of a value.
        const std::string_view what = failure.what();
        if (!what.starts_with("GET ") || what.find(wire::answer_is_cut) == what.npos) throw;
        round.trial.findings.count("answers cut off");
      }
    }
  } catch (const std::exception& failure) {
    round.trial.findings.violation(failure.what());
  }
}

class Client final : public RegisterClient {
 public:
  Client(std::size_t index, std::uint64_t part, Round& round)
      : RegisterClient(index, clients, Random(round.trial.seed, part), round.prefix, round.trial.findings) {}

  void step(KvClient& client) { make_some_call(client); }

 private:
  // The cluster may carry it out when nobody remembers it any more.
  std::int64_t end_of_open_write(const KvClient&) const override {
    return std::numeric_limits<std::int64_t>::max();
  }
};

// Writes and deletes many keys of its own between those of the clients, so that shards split and merge. What
// has no answer it does again until it has one; then nothing else may be there, however late the first try
// lands.
class Churner {
 public:
  Churner(std::size_t index, std::uint64_t part, Round& round)
      : prefix_(round.prefix), mark_("." + std::to_string(index)), random_(round.trial.seed, part) {}

  void step(KvClient& client) {
    if (is_written_) {
      verify(client);
      plan();
    }
    is_written_ = false;
    if (!removed_.empty()) client.remove_all(removed_);
    if (!put_.empty()) client.put_all(put_);
    is_written_ = true;
  }

 private:
  void plan() {
    is_growing_ = !is_growing_;
    put_.clear();
    removed_.clear();
    for (std::size_t i = 0; i < churned_keys; ++i) {
      const std::string key = prefix_ + std::to_string(i % 4) + mark_ + "." + std::to_string(i);
      if (random_.below(10) < (is_growing_ ? 9u : 1u)) {
        values_[key] = "c" + std::to_string(++written_);
        put_.push_back({key, {values_[key], {}, {}}});
      } else {
        values_.erase(key);
        removed_.push_back(key);
      }
    }
  }

  void verify(KvClient& client) {
    std::map<std::string, std::string> found;
    std::string cursor;
    std::string last;
    do {
      const Page page = client.list(Dialect::rest, prefix_, 50, cursor);
      for (const Listed& each : page.keys) {
        if (each.key <= last) throw std::runtime_error("listed twice, or out of order: " + each.key);
        last = each.key;
        if (is_mine(each.key)) found[each.key];
      }
      cursor = page.cursor;
    } while (!cursor.empty());
    for (auto& [key, value] : found) {
      const auto got = client.get(Dialect::binding, key);
      value = got ? got->bytes : "nothing, though it is listed";
    }
    if (found == values_) return;
    std::string difference;
    for (const auto& [key, value] : values_)
      if (!found.contains(key) || found.at(key) != value) difference += " " + key + " must be " + value + ",";
    for (const auto& [key, value] : found)
      if (!values_.contains(key) || values_.at(key) != value) difference += " " + key + " is " + value + ",";
    throw std::runtime_error("of keys that nobody else writes" + difference);
  }

  bool is_mine(const std::string& key) const {
    return key.find(mark_ + ".", prefix_.size()) != std::string::npos;
  }

  const std::string prefix_;
  const std::string mark_;
  Random random_;
  std::map<std::string, std::string> values_;
  std::vector<Pair> put_;
  std::vector<std::string> removed_;
  std::uint64_t written_ = 0;
  bool is_growing_ = false;
  bool is_written_ = true;
};

// What a fault may break. Each call returns when that is over.
class Breaker {
 public:
  Breaker(const Cluster& cluster, std::string store, std::vector<std::unique_ptr<Server>>& servers,
          Random random)
      : cluster_(cluster), store_(std::move(store)), servers_(servers), random_(random) {}

  void osd_is_killed() {
    const std::string osd = some_osd();
    cluster_("signal", osd + " KILL");
    pause(0, 6'000);
    cluster_("again", osd);
  }
  void osd_stands_still() { daemons_stand_still({some_osd()}); }
  void two_osds_stand_still() {
    const std::uint64_t left_out = random_.below(3);
    std::vector<std::string> daemons;
    for (std::uint64_t i = 0; i < 3; ++i)
      if (i != left_out) daemons.push_back("osd." + std::to_string(i));
    daemons_stand_still(daemons);
  }
  void osd_is_cut_off() { cut_off(22'000 + random_.below(3)); }
  void monitor_is_killed() {
    cluster_("signal", "mon.a KILL");
    pause(0, 6'000);
    cluster_("again", "mon.a");
  }
  void monitor_stands_still() { daemons_stand_still({"mon.a"}); }
  void server_is_killed() {
    Server& server = some_server();
    server.kill();
    pause(0, 500);
    server.start();
  }
  void server_stands_still() {
    Server& server = some_server();
    server.stand_still();
    pause(1'000, 9'000);
    server.go_on();
  }
  void server_is_blocked() { cluster_("block", store_); }
  void pool_is_full() {
    cluster_("fill");
    pause(0, 3'000);
    cluster_("empty");
  }
  void server_is_cut_off() { cut_off(21'000 + random_.below(server_count)); }
  void server_is_killed_while_an_osd_stands_still() {
    const std::string osd = some_osd();
    cluster_("signal", osd + " STOP");
    pause(0, 3'000);
    Server& server = some_server();
    server.kill();
    server.launch();
    cluster_("signal", osd + " CONT");
    server.await();
  }

 private:
  std::string some_osd() { return "osd." + std::to_string(random_.below(3)); }
  Server& some_server() { return *random_.of(servers_); }
  void pause(std::uint64_t first_ms, std::uint64_t last_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.between(first_ms, last_ms)));
  }
  // From less than anybody notices to longer than a server waits.
  void daemons_stand_still(const std::vector<std::string>& daemons) {
    for (const std::string& each : daemons) cluster_("signal", each + " STOP");
    pause(500, 9'000);
    for (const std::string& each : daemons) cluster_("signal", each + " CONT");
  }
  void cut_off(std::uint64_t user) {
    cluster_("cut", std::to_string(user));
    pause(500, 9'000);
    cluster_("mend", std::to_string(user));
  }

  const Cluster& cluster_;
  const std::string store_;
  std::vector<std::unique_ptr<Server>>& servers_;
  Random random_;
};

struct Fault {
  const char* name;
  void (Breaker::*happen)();
  bool is_a_cut = false;
};

constexpr Fault faults[] = {
    {"an OSD is killed", &Breaker::osd_is_killed},
    {"a server is killed", &Breaker::server_is_killed},
    {"two OSDs stand still", &Breaker::two_osds_stand_still},
    {"a server is cut off", &Breaker::server_is_cut_off, true},
    {"the monitor is killed", &Breaker::monitor_is_killed},
    {"an OSD stands still", &Breaker::osd_stands_still},
    {"a server stands still", &Breaker::server_stands_still},
    {"an OSD is cut off", &Breaker::osd_is_cut_off, true},
    {"the monitor stands still", &Breaker::monitor_stands_still},
    {"a server is blocked by the cluster", &Breaker::server_is_blocked},
    {"the pool is full", &Breaker::pool_is_full},
    {"a server is killed while an OSD stands still", &Breaker::server_is_killed_while_an_osd_stands_still},
};

class ClusterFaults {
 public:
  ClusterFaults(Trial& trial, Cluster cluster)
      : trial_(trial), cluster_(std::move(cluster)), clock_(trial.directory / "clock", first_second) {
    for (std::size_t i = 0; i < server_count; ++i) {
      const auto directory = trial.directory / std::to_string(i);
      std::filesystem::create_directory(directory);
      servers_.push_back(std::make_unique<Server>(trial.binary, directory, clock_.path(), ways(i)));
    }
  }

  void run() {
    for (const auto& each : servers_) each->start();
    const std::string id = KvClient::create_namespace(*servers_[0]->start_after(0), "torture");
    std::vector<const Fault*> possible;
    for (const Fault& each : faults)
      if (!each.is_a_cut || cluster_.has_cuts()) possible.push_back(&each);
    if (!cluster_.has_cuts()) std::cout << "nothing is cut off here: that takes root" << std::endl;
    for (int number = 0; trial_.goes_on(number, fixed_rounds); ++number) {
      const Fault& fault = *possible[(trial_.seed + static_cast<std::uint64_t>(number)) % possible.size()];
      run_round(number, fault, id);
    }
    check_outage();
  }

 private:
  std::vector<std::string> cluster_arguments(const std::string& store, int shard_keys) const {
    return {"--engine",           "rados",
            "--rados-conf",       cluster_.conf(),
            "--rados-pool",       "cubby",
            "--rados-namespace",  store,
            "--rados-shard-keys", std::to_string(shard_keys)};
  }

  ServerWays ways(std::size_t index) const {
    ServerWays ways{{}, cluster_arguments(trial_.directory.filename(), 20)};
    if (cluster_.has_cuts()) {
      // To be told from others, and root otherwise.
      ways.runner = {"/usr/bin/setpriv",
                     "--reuid",
                     std::to_string(21'000 + index),
                     "--clear-groups",
                     "--inh-caps=+dac_override",
                     "--ambient-caps=+dac_override",
                     "--pdeathsig",
                     "KILL"};
    }
    return ways;
  }

  void run_round(int number, const Fault& fault, const std::string& namespace_id) {
    trial_.findings.set_context("cluster, seed " + std::to_string(trial_.seed) + ", round " +
                                std::to_string(number) + ", " + fault.name);
    Round round{trial_, servers_, namespace_id, "round " + std::to_string(number) + "/"};
    const auto part = [&](std::size_t who) { return static_cast<std::uint64_t>(number) * 100 + who; };
    std::vector<std::unique_ptr<Client>> all;
    for (std::size_t i = 0; i < clients; ++i) all.push_back(std::make_unique<Client>(i, part(i), round));
    std::vector<std::unique_ptr<Churner>> churning;
    for (std::size_t i = 0; i < churners; ++i)
      churning.push_back(std::make_unique<Churner>(i, part(clients + i), round));
    round.service.begin();
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < clients + churners; ++i) {
        threads.emplace_back([&, i] {
          keep_calling(round, i, [&](KvClient& client) {
            i < clients ? all[i]->step(client) : churning[i - clients]->step(client);
          });
        });
      }
      break_and_mend(fault, round, Random(trial_.seed, part(99)));
      round.is_over = true;
    }
    std::vector<const RegisterClient*> seen;
    for (const auto& each : all) seen.push_back(each.get());
    check_histories(seen, trial_.findings);
  }

  // Where the cluster does not answer, nobody waits for those before. On a store of its own, in one shard.
  void check_outage() {
    trial_.findings.set_context("cluster, seed " + std::to_string(trial_.seed) + ", outage");
    const auto directory = trial_.directory / "outage";
    std::filesystem::create_directory(directory);
    ServerWays ways;
    ways.arguments = cluster_arguments(trial_.directory.filename().string() + "-outage", 100'000);
    Server server(trial_.binary, directory, clock_.path(), std::move(ways));
    const Uptime uptime = server.start();
    const std::string id = KvClient::create_namespace(uptime, "outage");
    std::latch all_are_served(waiting_calls);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < waiting_calls; ++i)
      threads.emplace_back([&] { put_until_refused(uptime, id, all_are_served); });
    all_are_served.wait();
    for (int osd = 0; osd < 3; ++osd) cluster_("signal", "osd." + std::to_string(osd) + " STOP");
    threads.clear();
    for (int osd = 0; osd < 3; ++osd) cluster_("signal", "osd." + std::to_string(osd) + " CONT");
  }

  void put_until_refused(const Uptime& uptime, const std::string& namespace_id, std::latch& all_are_served) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < pairs_of_a_call; ++i) pairs.push_back({std::to_string(i), {"v", {}, {}}});
    bool is_served = false;
    try {
      KvClient client(uptime, namespace_id, refused_within);
      for (;;) {
        client.put_all(pairs);
        if (!std::exchange(is_served, true)) all_are_served.count_down();
      }
    } catch (const Refused& refusal) {
      if (refusal.status != 503) trial_.findings.violation(refusal.what());
      trial_.findings.count("calls refused in an outage");
    } catch (const NoAnswer& failure) {
      trial_.findings.violation(failure.what());
    }
    if (!is_served) all_are_served.count_down();
  }

  // Old enough to merge.
  void make_shards_old() { clock_.advance(11 * 60); }

  void break_and_mend(const Fault& fault, Round& round, Random random) {
    try {
      if (!round.service.await()) throw std::runtime_error("there is no service");
      make_shards_old();
      Breaker breaker(cluster_, trial_.directory.filename(), servers_, random);
      (breaker.*fault.happen)();
      trial_.findings.count("faults");
      make_shards_old();
      if (!round.service.await()) throw std::runtime_error("there is no service again");
    } catch (const std::exception& failure) {
      trial_.findings.violation(failure.what());
      for (const auto& each : servers_) each->give_up();
      cluster_.tell();
    }
    std::cout << fault.name << ": longest gap " << round.service.longest_gap().count() << " ms" << std::endl;
  }

  Trial& trial_;
  Cluster cluster_;
  ClockFile clock_;
  std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace

void cluster_faults(Trial& trial) {
  const char* const conf = std::getenv("CUBBY_TEST_RADOS_CONF");
  const char* const script = std::getenv("CUBBY_CLUSTER");
  if (!conf || !script) throw std::runtime_error("it needs a cluster: tests/cluster/run starts one");
  ClusterFaults(trial, Cluster(script, conf)).run();
}

}  // namespace cubby::torture
