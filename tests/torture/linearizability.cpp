// Many clients on few keys, with kills in between: what they saw of each key is the work of a register that
// does one thing at a time.
#include <memory>
#include <thread>

#include "tests/torture/kv_client.hpp"
#include "tests/torture/random.hpp"
#include "tests/torture/register_checker.hpp"
#include "tests/torture/trial.hpp"

namespace cubby::torture {
namespace {

constexpr std::size_t clients = 6;
constexpr std::size_t keys_per_history = 4;
constexpr std::uint64_t calls_per_client = 60;
constexpr int fixed_rounds = 8;
constexpr Seconds first_second = 1'800'000'000;

using Value = Operation::Value;
using Kind = Operation::Kind;

// Of each key what its clients saw.
using Histories = std::map<std::string, std::vector<Operation>>;

std::string tag_of(Value value) {
  return "v" + std::to_string(value);
}

// The size follows from the value, so that a reader can tell whether it has all of it: in the head, in a row
// beside it, and now and then in a file.
Written written(Value value) {
  constexpr std::size_t sizes[] = {16, 100, 2'000, 16, 700, 30'000, 16, 300'000};
  return {value_bytes(tag_of(value), sizes[value % std::size(sizes)]), "\"" + tag_of(value) + "\"", {}};
}

// Which value was read; throws if it is none, or not whole.
Value value_of(const Found& found, bool has_metadata) {
  const std::string tag = found.bytes.substr(0, found.bytes.find('\n'));
  const Value value = tag.starts_with('v') ? std::stoull(tag.substr(1)) : 0;
  const Written whole = written(value);
  if (found.bytes != whole.bytes) throw std::runtime_error("a read has something else than a value: " + tag);
  if (has_metadata && found.metadata != whole.metadata) {
    throw std::runtime_error("the bytes of " + tag + " came with the metadata " + found.metadata);
  }
  return value;
}

Value value_of(const std::string& metadata) {
  if (!metadata.starts_with("\"v")) throw std::runtime_error("metadata that nobody wrote: " + metadata);
  return std::stoull(metadata.substr(2));
}

// One of the clients of a history. It goes on with the next start when the server is killed.
class Client {
 public:
  Client(std::size_t index, int round, Trial& trial, const Server& server, std::string namespace_id)
      : index_(index),
        findings_(trial.findings),
        random_(trial.seed, static_cast<std::uint64_t>(round) * 100 + index),
        server_(server),
        namespace_id_(std::move(namespace_id)) {
    for (std::size_t i = 0; i < keys_per_history; ++i) {
      keys_.push_back("history " + std::to_string(round) + "/" + std::to_string(i));
    }
  }

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

  const Histories& seen() const { return seen_; }

 private:
  static std::int64_t nanoseconds(Server::Moment moment) { return moment.time_since_epoch().count(); }
  static std::int64_t now() { return nanoseconds(std::chrono::steady_clock::now()); }

  void make_some_call(KvClient& client) {
    const std::string& key = random_.of(keys_);
    const Dialect by = random_.one_in(2) ? Dialect::rest : Dialect::binding;
    switch (random_.below(12)) {
      case 0:
      case 1:
      case 2: {
        const Value value = next_value();
        const bool is_chunked = by == Dialect::binding && random_.one_in(4);
        return write(client, {{key, value}}, [&] { client.put(by, key, written(value), is_chunked); });
      }
      case 3:
        return write(client, {{key, Operation::absent}}, [&] { client.remove(by, key); });
      case 4:
        return put_all(client);
      case 5:
        if (random_.one_in(2)) return read_all(client, by);
        return write(client, {{keys_[0], Operation::absent}, {keys_[1], Operation::absent}}, [&] {
          client.remove_all({keys_[0], keys_[1]});
        });
      case 6:
        return list(client, by);
      case 7:
        return read_metadata(client, key);
      default:
        return read(client, by, key);
    }
  }

  // No two clients of a run write the same.
  Value next_value() { return ++values_ * clients + index_; }

  // A bulk is one write of each of its keys.
  template <typename Call>
  void write(KvClient& client, const std::map<std::string, Value>& values, const Call& call) {
    const std::int64_t invoked = now();
    bool is_certain = true;
    std::int64_t returned = 0;
    try {
      call();
      returned = now();
    } catch (const NoAnswer&) {
      const int number = client.uptime().number;
      if (!server_.is_killed(number)) throw;
      is_certain = false;
      returned = nanoseconds(server_.gone_at(number));
    }
    for (const auto& [key, value] : values)
      note(key, {Kind::write, value, invoked, returned, is_certain, {}});
    if (!is_certain) throw NoAnswer("killed");
  }

  void note(const std::string& key, Operation operation) {
    operation.client = "client " + std::to_string(index_);
    seen_[key].push_back(std::move(operation));
    findings_.count("operations");
  }

  // Reads without an answer have seen nothing and are left out.
  void note_read(const std::string& key, Value value, std::int64_t invoked, std::int64_t returned) {
    note(key, {Kind::read, value, invoked, returned, true, {}});
  }

  void put_all(KvClient& client) {
    std::map<std::string, Value> values;
    std::vector<Pair> pairs;
    for (const std::string& key : keys_) {
      if (random_.one_in(2)) continue;
      values[key] = next_value();
      pairs.push_back({key, written(values[key])});
    }
    if (!pairs.empty()) write(client, values, [&] { client.put_all(pairs); });
  }

  void read(KvClient& client, Dialect by, const std::string& key) {
    const std::int64_t invoked = now();
    const auto found = client.get(by, key);
    const std::int64_t returned = now();
    note_read(key, found ? value_of(*found, by == Dialect::binding) : Operation::absent, invoked, returned);
  }

  void read_metadata(KvClient& client, const std::string& key) {
    const std::int64_t invoked = now();
    const auto found = client.metadata(key);
    const std::int64_t returned = now();
    note_read(key, found ? value_of(*found) : Operation::absent, invoked, returned);
  }

  // A read of each of the keys.
  void read_all(KvClient& client, Dialect by) {
    const std::int64_t invoked = now();
    const auto found = client.get_all(by, keys_);
    const std::int64_t returned = now();
    for (const std::string& key : keys_) {
      const auto each = found.find(key);
      note_read(key, each == found.end() ? Operation::absent : value_of(each->second, true), invoked,
                returned);
    }
  }

  // The same, for a list says of each key whether it is there, and its metadata whose write that is.
  void list(KvClient& client, Dialect by) {
    const std::string prefix = keys_[0].substr(0, keys_[0].find('/') + 1);
    const std::int64_t invoked = now();
    const Page page = client.list(by, prefix, 1000);
    const std::int64_t returned = now();
    std::map<std::string, Value> values;
    for (const Listed& each : page.keys) values[each.key] = value_of(each.metadata);
    for (const std::string& key : keys_) note_read(key, values[key], invoked, returned);
  }

  std::size_t index_;
  Findings& findings_;
  Random random_;
  const Server& server_;
  std::string namespace_id_;
  std::vector<std::string> keys_;
  Value values_ = 0;
  Histories seen_;
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

  Histories histories;
  for (const auto& client : all) {
    for (const auto& [key, seen] : client->seen()) {
      histories[key].insert(histories[key].end(), seen.begin(), seen.end());
    }
  }
  for (const auto& [key, history] : histories) {
    const Verdict verdict = check_register(history);
    if (!verdict.is_linearizable)
      trial.findings.violation(key + ": no order explains" + describe(history, verdict));
  }
  trial.findings.count("histories");
  trial.findings.count("keys checked", histories.size());
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
