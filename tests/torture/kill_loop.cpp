// Many writers and an administrator, killed at random: afterwards all that was acknowledged is there, whole,
// and nothing else.
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <thread>

#include "tests/torture/administrator.hpp"
#include "tests/torture/oracle.hpp"
#include "tests/torture/trial.hpp"

namespace cubby::torture {
namespace {

constexpr std::size_t writers = 8;
constexpr std::size_t keys_per_writer = 24;
constexpr int fixed_rounds = 15;
constexpr Seconds first_second = 1'800'000'000;

std::size_t random_size(Random& random) {
  switch (random.below(20)) {
    case 0:
      return random.between(262'145, 900'000);  // a file of its own
    case 1:
      return random.one_in(4) ? random.between(1'000'000, 3'000'000) : random.between(20'000, 262'144);
    case 2:
    case 3:
      return random.between(1'025, 20'000);  // a row beside the head
    default:
      return random.between(12, 1'024);
  }
}

// One client that writes keys of its own, so that it knows what they hold.
class Writer {
 public:
  Writer(std::size_t index, Trial& trial)
      : index_(index), findings_(trial.findings), random_(trial.seed, index) {
    for (std::size_t i = 0; i < keys_per_writer; ++i) keys_.push_back(name(i));
  }

  // Until the server is killed.
  void run(KvClient client, const Server& server, Seconds now) {
    try {
      while (true) step(client, now);
    } catch (const NoAnswer& failure) {
      if (!server.is_killed(client.uptime().number)) findings_.violation(failure.what());
    } catch (const std::exception& failure) {
      findings_.violation(failure.what());
    }
  }

  Oracle& oracle() { return oracle_; }
  const std::vector<std::string>& keys() const { return keys_; }

 private:
  std::string name(std::size_t i) const {
    return "writer " + std::to_string(index_) + (i % 3 == 0 ? "/é " : "/key ") + std::to_string(i);
  }

  void step(KvClient& client, Seconds now) {
    const auto choice = random_.below(100);
    if (choice < 45) return put(client, now);
    if (choice < 65) return remove(client);
    if (choice < 77) return put_all(client, now);
    if (choice < 82) return remove_all(client);
    read(client, now);
  }

  Plan plan(Seconds now) {
    Plan plan{"w" + std::to_string(index_) + "." + std::to_string(++written_), random_size(random_), {}, {}};
    plan.size = std::max(plan.size, plan.tag.size() + 1);
    if (!random_.one_in(3)) plan.metadata = R"({"of":")" + plan.tag + "\"}";
    if (random_.one_in(4)) plan.expiration = now + static_cast<Seconds>(random_.between(60, 150));
    return plan;
  }

  Dialect dialect() { return random_.one_in(2) ? Dialect::rest : Dialect::binding; }

  // Makes the call, and tells the oracle how it went.
  template <typename Call>
  void change(std::vector<Change> changes, const Call& call) {
    try {
      call();
    } catch (const NoAnswer&) {
      findings_.count("unknown outcomes");
      oracle_.left_open(std::move(changes));
      throw;
    }
    findings_.count("acknowledged writes");
    oracle_.acknowledged(changes);
  }

  void put(KvClient& client, Seconds now) {
    const std::string& key = random_.of(keys_);
    const Plan next = plan(now);
    const Dialect by = dialect();
    const bool is_chunked = by == Dialect::binding && random_.one_in(4);
    change({{key, next}}, [&] { client.put(by, key, next.written(), is_chunked); });
  }

  void remove(KvClient& client) {
    const std::string& key = random_.of(keys_);
    const Dialect by = dialect();
    change({{key, std::nullopt}}, [&] { client.remove(by, key); });
  }

  std::vector<std::string> some_keys() {
    std::vector<std::string> some;
    for (const std::string& each : keys_) {
      if (random_.one_in(2)) some.push_back(each);
    }
    if (some.empty()) some.push_back(keys_.front());
    return some;
  }

  void put_all(KvClient& client, Seconds now) {
    std::vector<Pair> pairs;
    std::vector<Change> changes;
    for (const std::string& key : some_keys()) {
      const Plan next = plan(now);
      pairs.push_back({key, next.written()});
      changes.emplace_back(key, next);
    }
    change(std::move(changes), [&] { client.put_all(pairs); });
  }

  void remove_all(KvClient& client) {
    const std::vector<std::string> keys = some_keys();
    std::vector<Change> changes;
    for (const std::string& key : keys) changes.emplace_back(key, std::nullopt);
    change(std::move(changes), [&] { client.remove_all(keys); });
  }

  // Nobody else writes the key, so a read has its last write.
  void read(KvClient& client, Seconds now) {
    const std::string& key = random_.of(keys_);
    Sighting sighting = client.get(Dialect::rest, key);
    const auto metadata = client.metadata(key);
    if (sighting) sighting->metadata = metadata.value_or("gone");
    if (!shows(sighting, oracle_.state(key), now)) {
      findings_.violation("while running, " + key + " must hold " + described(oracle_.state(key)) +
                          " and holds " + described(sighting));
    }
  }

  std::size_t index_;
  Findings& findings_;
  Random random_;
  std::vector<std::string> keys_;
  Oracle oracle_;
  std::uint64_t written_ = 0;
};

class KillLoop {
 public:
  explicit KillLoop(Trial& trial)
      : trial_(trial),
        findings_(trial.findings),
        random_(trial.seed, 1000),
        clock_(trial.directory / "clock", first_second),
        server_(trial.binary, trial.directory, clock_.path()),
        administrator_(trial.seed, trial.findings) {
    for (std::size_t i = 0; i < writers; ++i) writers_.push_back(std::make_unique<Writer>(i, trial));
  }

  void run() {
    Uptime uptime = server_.start();
    namespace_id_ = KvClient::create_namespace(uptime, "torture");
    for (int round = 0; trial_.goes_on(round, fixed_rounds); ++round) {
      findings_.set_context("kill-loop, seed " + std::to_string(trial_.seed) + ", round " +
                            std::to_string(round));
      write_and_kill(uptime);
      if (random_.one_in(2)) clock_.advance(static_cast<Seconds>(random_.below(60)));
      if (random_.one_in(8)) check();
      if (random_.one_in(5)) kill_at_start();
      uptime = server_.start();
      verify(uptime);
    }
    for (const auto& each : writers_)
      findings_.count("unknown outcomes that had happened", each->oracle().happened());
  }

 private:
  void pause(std::uint64_t first_ms, std::uint64_t last_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.between(first_ms, last_ms)));
  }

  void kill() {
    server_.kill();
    findings_.count("kills");
  }

  void write_and_kill(const Uptime& uptime) {
    std::vector<std::thread> threads;
    for (const auto& writer : writers_) {
      threads.emplace_back([this, &uptime, each = writer.get(), now = clock_.now()] {
        each->run(KvClient(uptime, namespace_id_), server_, now);
      });
    }
    threads.emplace_back([this, &uptime] { administrator_.run(AdminClient(uptime), server_); });
    pause(50, 1000);
    kill();
    for (std::thread& each : threads) each.join();
  }

  // While the log is being recovered, or soon after.
  void kill_at_start() {
    server_.launch();
    pause(0, 150);
    kill();
    findings_.count("kills at a start");
  }

  // Reads every checksum of what the kill has left.
  void check() {
    const std::string command = trial_.binary.string() + " check --data-dir " + server_.data().string() +
                                " >" + (trial_.directory / "check.log").string() + " 2>&1";
    if (std::system(command.c_str()) != 0) findings_.violation("cubby check found damage: see check.log");
    findings_.count("checks of the directory");
  }

  void verify(const Uptime& uptime) {
    try {
      KvClient client(uptime, namespace_id_);
      const Seconds now = clock_.now();
      const std::map<std::string, Listed> listed = list_all(client);
      const Sightings sightings = read_all(client, listed);
      for (const auto& writer : writers_) {
        for (const std::string& wrong : writer->oracle().settle(sightings, now)) findings_.violation(wrong);
      }
      check_list(listed, sightings);
      check_usage(client, sightings);
      check_versions(sightings);
      AdminClient admin(uptime);
      administrator_.verify(admin);
    } catch (const std::exception& failure) {
      findings_.violation(std::string("while verifying: ") + failure.what());
    }
  }

  std::map<std::string, Listed> list_all(KvClient& client) {
    const Dialect by = random_.one_in(2) ? Dialect::rest : Dialect::binding;
    std::map<std::string, Listed> all;
    std::string cursor;
    do {
      Page page = client.list(by, "", random_.between(10, 1000), cursor);
      for (Listed& each : page.keys) all[each.key] = std::move(each);
      cursor = std::move(page.cursor);
    } while (!cursor.empty());
    return all;
  }

  // Each key in both dialects: REST tells expiration and version, the binding metadata.
  Sightings read_all(KvClient& client, const std::map<std::string, Listed>& listed) {
    Sightings all;
    std::vector<std::string> keys;
    for (const auto& writer : writers_) keys.insert(keys.end(), writer->keys().begin(), writer->keys().end());
    for (const auto& [key, each] : listed) keys.push_back(key);  // what nobody wrote is found by check_list
    for (const std::string& key : keys) {
      if (all.contains(key)) continue;
      Sighting sighting = client.get(Dialect::rest, key);
      const Sighting by_binding = client.get(Dialect::binding, key);
      if (sighting.has_value() != by_binding.has_value() ||
          (sighting && sighting->bytes != by_binding->bytes)) {
        findings_.violation(key + ": REST has " + described(sighting) + ", the binding " +
                            described(by_binding));
      }
      if (sighting && by_binding) sighting->metadata = by_binding->metadata;
      all[key] = std::move(sighting);
    }
    return all;
  }

  void check_list(const std::map<std::string, Listed>& listed, const Sightings& sightings) {
    for (const auto& [key, sighting] : sightings) {
      const auto found = listed.find(key);
      if ((found != listed.end()) != sighting.has_value()) {
        findings_.violation(key + " is " + (sighting ? "not in the list" : "in the list alone"));
      } else if (sighting && found->second != Listed{key, sighting->metadata, sighting->expiration}) {
        findings_.violation(key + ": the list has other metadata or another expiration");
      }
      if (sighting && std::none_of(writers_.begin(), writers_.end(), [&](const auto& writer) {
            return writer->oracle().states().contains(key);
          })) {
        findings_.violation(key + " was never written");
      }
    }
  }

  void check_usage(KvClient& client, const Sightings& sightings) {
    Usage wanted;
    for (const auto& [key, sighting] : sightings) {
      if (!sighting) continue;
      ++wanted.keys;
      wanted.bytes += key.size() + sighting->bytes.size() + sighting->metadata.size();
    }
    const Usage usage = client.usage();
    if (usage == wanted) return;
    findings_.violation("usage must be " + std::to_string(wanted.keys) + " keys, " +
                        std::to_string(wanted.bytes) + " bytes, and is " + std::to_string(usage.keys) + ", " +
                        std::to_string(usage.bytes));
  }

  // The same value has the version that it had; another one has a newer one than all that was seen.
  void check_versions(const Sightings& sightings) {
    std::uint64_t newest = newest_;
    for (const auto& [key, sighting] : sightings) {
      if (!sighting) continue;
      const std::string tag = sighting->bytes.substr(0, sighting->bytes.find('\n'));
      const auto former = versions_.find(key);
      if (former != versions_.end() && former->second.first == tag) {
        if (former->second.second != sighting->version)
          findings_.violation(key + ": its version has changed");
      } else if (sighting->version <= newest_) {
        findings_.violation(key + ": its version is not newer than all before the kill");
      }
      versions_[key] = {tag, sighting->version};
      newest = std::max(newest, sighting->version);
    }
    newest_ = newest;
  }

  Trial& trial_;
  Findings& findings_;
  Random random_;
  ClockFile clock_;
  Server server_;
  std::string namespace_id_;
  std::vector<std::unique_ptr<Writer>> writers_;
  Administrator administrator_;
  std::map<std::string, std::pair<std::string, std::uint64_t>> versions_;  // of each key: tag and version
  std::uint64_t newest_ = 0;
};

}  // namespace

void kill_loop(Trial& trial) {
  KillLoop(trial).run();
}

}  // namespace cubby::torture
