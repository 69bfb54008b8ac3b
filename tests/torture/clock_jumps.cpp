// The wall clock jumps by hours and over the ends of 32 bits, both ways, also while the server is down: the
// later write wins, and what is expired is gone for every call alike.
#include <algorithm>

#include "tests/torture/oracle.hpp"
#include "tests/torture/trial.hpp"

namespace cubby::torture {
namespace {

constexpr std::size_t names = 24;
constexpr int fixed_rounds = 60;
constexpr Seconds hour = 3600;
constexpr Seconds first_second = 1'795'000'000;
constexpr Seconds end_of_int32 = 2'147'483'647;   // 2038-01-19T03:14:07Z
constexpr Seconds end_of_uint32 = 4'294'967'295;  // 2106-02-07T06:28:15Z

class ClockJumps {
 public:
  explicit ClockJumps(Trial& trial)
      : trial_(trial),
        findings_(trial.findings),
        random_(trial.seed, 1),
        clock_(trial.directory / "clock", first_second),
        server_(trial.binary, trial.directory, clock_.path()) {
    for (std::size_t i = 0; i < names; ++i) keys_.push_back("key " + std::to_string(100 + i));
  }

  void run() {
    const Uptime uptime = server_.start();
    namespace_id_ = KvClient::create_namespace(uptime, "torture");
    client_.emplace(uptime, namespace_id_);
    for (int round = 0; trial_.goes_on(round, fixed_rounds); ++round) {
      findings_.set_context("clock, seed " + std::to_string(trial_.seed) + ", round " +
                            std::to_string(round));
      jump();
      verify();
      for (auto writes = random_.below(8); writes > 0; --writes) write();
      verify();
    }
  }

 private:
  // A key as the one client knows it.
  struct Known {
    State state;
    // The latest the clock has shown since the write: what was due then may have been taken off the disk, and
    // stays gone if the clock goes back.
    Seconds latest = 0;

    bool may_be_swept() const { return state && !state->is_live(latest); }
  };

  // ---- Time

  void jump() {
    const bool is_down = random_.one_in(6);
    if (is_down) {
      server_.kill();
      findings_.count("kills");
    }
    const Seconds former = clock_.now();
    clock_.set(std::max(first_second - 10 * hour, next_time()));
    findings_.count(clock_.now() < former ? "jumps back" : "jumps forward");
    for (auto& [key, known] : known_) known.latest = std::max(known.latest, clock_.now());
    if (!is_down) return;
    client_.emplace(server_.start(), namespace_id_);
  }

  Seconds next_time() {
    const Seconds now = clock_.now();
    const std::string& key = random_.of(keys_);
    const State& state = known_[key].state;
    switch (random_.below(9)) {
      case 0:
        return now + hour;
      case 1:
        return now - hour;
      case 2:
        return now - 1;
      case 3:
      case 4:
        // The last second of a value, and the first without it.
        if (state && state->expiration) return *state->expiration - static_cast<Seconds>(random_.below(2));
        return now + 1;
      case 5:
        return end_of_int32 - 1 + static_cast<Seconds>(random_.below(3));
      case 6:
        return end_of_int32 - static_cast<Seconds>(random_.between(1, 200));
      case 7:
        return end_of_uint32 - 1 + static_cast<Seconds>(random_.below(3));
      default:
        return first_second + static_cast<Seconds>(random_.below(10'000));
    }
  }

  // ---- Writes

  void write() {
    const std::string& key = random_.of(keys_);
    const Dialect by = random_.one_in(2) ? Dialect::rest : Dialect::binding;
    findings_.count("writes");
    switch (random_.below(8)) {
      case 0:
        client_->remove(by, key);
        return know(key, std::nullopt);
      case 1:
        return put_all();
      case 2:
        return put_with_ttl(key);
      case 3:
        return refuse_too_soon(by, key);
      default: {
        const Plan next = plan();
        client_->put(by, key, next.written());
        know(key, next);
        check_version(key);
      }
    }
  }

  Plan plan() {
    Plan plan{"w" + std::to_string(++written_), random_.one_in(10) ? 300'000U : 40U, {}, {}};
    if (random_.one_in(2)) plan.metadata = "\"" + plan.tag + "\"";
    if (!random_.one_in(4))
      plan.expiration = clock_.now() + static_cast<Seconds>(random_.between(60, 2 * hour));
    if (random_.one_in(10)) plan.expiration = std::max(end_of_int32 + 1, clock_.now() + 60);
    return plan;
  }

  void know(const std::string& key, State state) { known_[key] = {std::move(state), clock_.now()}; }

  void put_all() {
    std::vector<Pair> pairs;
    for (const std::string& key : keys_) {
      if (!random_.one_in(4)) continue;
      const Plan next = plan();
      pairs.push_back({key, next.written()});
      know(key, next);
    }
    client_->put_all(pairs);
    if (!pairs.empty()) check_version(pairs.front().key);
  }

  void put_with_ttl(const std::string& key) {
    Plan next = plan();
    const Seconds ttl = static_cast<Seconds>(random_.between(60, 2 * hour));
    next.expiration = clock_.now() + ttl;
    client_->put_with_ttl(key, next.written(), ttl);
    know(key, next);
    check_version(key);
  }

  // Less than a minute ahead is refused, by the same clock, and changes nothing.
  void refuse_too_soon(Dialect by, const std::string& key) {
    Plan next = plan();
    next.expiration = clock_.now() + static_cast<Seconds>(random_.below(60));
    try {
      client_->put(by, key, next.written());
      findings_.violation("an expiration at " + std::to_string(*next.expiration) + " was taken at " +
                          std::to_string(clock_.now()));
    } catch (const Refused& refused) {
      if (refused.status != 400) throw;
    }
  }

  // Whatever the clock shows, a write is newer than all before it.
  void check_version(const std::string& key) {
    const Sighting sighting = client_->get(Dialect::rest, key);
    const std::uint64_t version = sighting ? sighting->version : 0;
    if (version <= newest_)
      findings_.violation(key + ": the version of a write is not newer than all before");
    newest_ = std::max(newest_, version);
  }

  // ---- Reads

  // Two lists that are the same, with no sweep between them: all calls between them must agree with both.
  void verify() {
    std::vector<Listed> before = list();
    while (true) {
      Views views = read_all();
      std::vector<Listed> after = list();
      if (before == after) return check(before, views);
      findings_.count("sweeps seen");
      before = std::move(after);
    }
  }

  struct Views {
    Sightings by_rest;
    Sightings by_binding;
    std::map<std::string, std::optional<std::string>> metadata;
    std::map<std::string, Found> in_bulk;
    Dialect bulk_by = Dialect::rest;
    Usage usage;
  };

  std::vector<Listed> list() {
    std::vector<Listed> all;
    std::string cursor;
    const Dialect by = random_.one_in(2) ? Dialect::rest : Dialect::binding;
    do {
      Page page = client_->list(by, "", random_.between(3, 30), cursor);
      all.insert(all.end(), page.keys.begin(), page.keys.end());
      cursor = page.cursor;
    } while (!cursor.empty());
    return all;
  }

  Views read_all() {
    Views views;
    for (const std::string& key : keys_) {
      views.by_rest[key] = client_->get(Dialect::rest, key);
      views.by_binding[key] = client_->get(Dialect::binding, key);
      views.metadata[key] = client_->metadata(key);
    }
    if (random_.one_in(2)) views.bulk_by = Dialect::binding;
    views.in_bulk = client_->get_all(views.bulk_by, keys_);
    views.usage = client_->usage();
    return views;
  }

  void check(const std::vector<Listed>& listed, const Views& views) {
    findings_.count("views compared");
    const Seconds now = clock_.now();
    Usage usage;
    for (const std::string& key : keys_) {
      Known& known = known_[key];
      const auto found =
          std::find_if(listed.begin(), listed.end(), [&](const Listed& each) { return each.key == key; });
      const bool is_there = found != listed.end();
      // If it is not there, one sweep has taken it for good.
      if (!is_there && is_live(known.state, now) && known.may_be_swept()) known.state.reset();
      const State& state = known.state;
      if (is_there != is_live(state, now)) {
        findings_.violation(key + " holds " + described(state) + " and is " + (is_there ? "" : "not ") +
                            "listed at " + std::to_string(now));
        continue;
      }
      check_calls(key, state, views);
      if (!is_there) continue;
      if (*found != Listed{key, state->metadata, state->expiration})
        findings_.violation(key + " is listed wrongly");
      ++usage.keys;
      usage.bytes += key.size() + state->size + state->metadata.size();
    }
    if (views.usage != usage) {
      findings_.violation("usage must be " + std::to_string(usage.keys) + " keys, " +
                          std::to_string(usage.bytes) + " bytes, and is " + std::to_string(views.usage.keys) +
                          ", " + std::to_string(views.usage.bytes) + " at " + std::to_string(now));
    }
  }

  void check_calls(const std::string& key, const State& state, const Views& views) {
    const Seconds now = clock_.now();
    Sighting by_rest = views.by_rest.at(key);
    const auto& metadata = views.metadata.at(key);
    const bool has_metadata = metadata.has_value() == by_rest.has_value();
    if (by_rest && metadata) by_rest->metadata = *metadata;
    Sighting by_binding = views.by_binding.at(key);
    Sighting in_bulk;
    if (views.in_bulk.contains(key)) in_bulk = views.in_bulk.at(key);
    // Which the binding does not tell.
    if (by_binding && state) by_binding->expiration = state->expiration;
    if (in_bulk && state && views.bulk_by == Dialect::binding) in_bulk->expiration = state->expiration;
    const auto expect = [&](bool is_right, const char* call, const Sighting& seen) {
      if (is_right) return;
      findings_.violation(key + " holds " + described(state) + " and " + call + " answers " +
                          described(seen) + " at " + std::to_string(now));
    };
    expect(has_metadata && shows(by_rest, state, now), "REST", by_rest);
    expect(shows(by_binding, state, now), "the binding", by_binding);
    expect(shows(in_bulk, state, now), "a bulk get", in_bulk);
  }

  Trial& trial_;
  Findings& findings_;
  Random random_;
  ClockFile clock_;
  Server server_;
  std::string namespace_id_;
  std::optional<KvClient> client_;
  std::vector<std::string> keys_;
  std::map<std::string, Known> known_;
  std::uint64_t written_ = 0;
  std::uint64_t newest_ = 0;
};

}  // namespace

void clock_jumps(Trial& trial) {
  ClockJumps(trial).run();
}

}  // namespace cubby::torture
