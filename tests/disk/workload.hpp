// Writers of every kind on one engine, and what they know to be true: which writes were acknowledged, and
// which one was under way when everything stopped. After the store was opened again, `verify` compares.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/engine_calls.hpp"

namespace cubby::disk {

// What was written to one key at once; nothing: a delete.
struct Written {
  std::uint64_t seed = 0;
  std::size_t size = 0;
  std::optional<Instant> expiration = std::nullopt;

  std::string bytes() const { return some_bytes(size, seed); }
  // Says the seed, so that a mixture of two writes is seen.
  std::optional<Metadata> meta() const { return metadata(std::to_string(seed)); }
  bool operator==(const Written&) const = default;
};
using State = std::optional<Written>;

inline std::string text_of(const State& state) {
  if (!state) return "nothing";
  return "write " + std::to_string(state->seed) + " of " + std::to_string(state->size) + " bytes";
}

// The keys that one call writes, all or none.
struct Change {
  std::map<std::string, State> keys;
  std::uint64_t began = 0;         // by the clock of events
  std::uint64_t acknowledged = 0;  // 0: nobody knows
  Version version{};               // if it was acknowledged
};

struct Sweep {
  Instant now;
  std::uint64_t began = 0;
  bool is_acknowledged = false;
};

// Counts events of all threads, so that "before" means something.
class EventClock {
 public:
  std::uint64_t next() { return ++now_; }

 private:
  std::atomic<std::uint64_t> now_ = 0;
};

// What one writer did to its keys, which nobody else writes.
class History {
 public:
  explicit History(std::string prefix) : prefix_(std::move(prefix)) {}

  const std::vector<Change>& changes() const { return changes_; }
  void add(Change change) { changes_.push_back(std::move(change)); }
  const std::string& prefix() const { return prefix_; }

  // Every key with what it must hold, or may hold if a change came through that nobody knows of.
  struct Expected {
    State sure;
    std::vector<State> maybe;
    std::uint64_t acknowledged = 0;  // when `sure` was
  };
  std::map<std::string, Expected> expected(std::optional<Version> until = {}) const {
    std::map<std::string, Expected> all;
    for (const Change& change : changes_) {
      for (const auto& [key, state] : change.keys) {
        if (change.acknowledged == 0 || (until && change.version > *until))
          all[key].maybe.push_back(state);
        else
          all[key] = {state, {}, change.acknowledged};
      }
    }
    return all;
  }

 private:
  const std::string prefix_;
  std::vector<Change> changes_;
};

struct WorkloadOptions {
  std::uint64_t seed = 1;
  int writers = 3;
  int steps = 40;                // of each writer at most
  bool has_housekeeping = true;  // sweeps, and namespaces that come and go
};

class Workload {
 public:
  Workload(Engine& engine, NamespaceId id, WorkloadOptions options)
      : engine_(&engine), id_(id), options_(options) {
    for (int i = 0; i < options.writers; ++i) histories_.emplace_back("w" + std::to_string(i) + "/");
  }

  // Called after each acknowledgement with when its call began; for whoever wants to object.
  std::function<void(std::uint64_t began)> on_acknowledged = [](std::uint64_t) {};
  // Called before a writer goes on, or ends, after an error that it was given.
  std::function<void(const Error& error)> on_refused = [](const Error&) {};
  EventClock& clock() { return clock_; }

  // Writes until an engine's error or the last step.
  void run_all() {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < histories_.size(); ++i) {
      threads.emplace_back([this, i] { write(histories_[i], options_.seed * 97 + i); });
    }
    if (options_.has_housekeeping) threads.emplace_back([this] { keep_house(); });
    for (std::thread& each : threads) each.join();
  }

  std::uint64_t acknowledged() const {
    std::uint64_t count = 0;
    for (const History& history : histories_) {
      for (const Change& each : history.changes()) count += each.acknowledged > 0 ? 1 : 0;
    }
    return count;
  }
  const std::vector<Error>& errors() const { return errors_; }

  // A later one on the same store has swept.
  void note_sweeps_of(const Workload& later) {
    for (Sweep each : later.sweeps_) {
      each.is_acknowledged = false;
      sweeps_.push_back(each);
    }
  }

  // What is wrong, in words: of an engine that was opened again, or that refuses to write. Without
  // durability, the newest writes may be gone, but only those.
  std::vector<std::string> verify(Engine& engine, Durability durability = Durability::sync);

 private:
  // ---- Writing

  // False: the engine refuses.
  bool go_on(const Error& error) {
    on_refused(error);
    const std::scoped_lock lock(mutex_);
    errors_.push_back(error);
    return error.code == Errc::storage_full;
  }

  static Written any_write(std::mt19937_64& random, std::uint64_t seed) {
    constexpr std::size_t sizes[] = {0, 10, 900, 1500, 5000, 60'000, 300'000, 600'000};
    Written written{seed, sizes[random() % std::size(sizes)]};
    if (random() % 4 == 0) written.expiration = t0 + std::chrono::seconds(random() % 2 == 0 ? 50 : 100'000);
    return written;
  }

  void write(History& history, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int step = 0; step < options_.steps; ++step) {
      const std::uint64_t id = seed * 1000 + static_cast<std::uint64_t>(step);
      Change change;
      if (random() % 5 == 0) {
        const bool deletes = random() % 3 == 0;
        for (int i = 0; i < 5; ++i)
          change.keys[history.prefix() + "bulk" + std::to_string(i)] =
              deletes ? State() : State(any_write(random, id * 10 + static_cast<std::uint64_t>(i)));
      } else if (random() % 10 == 0) {
        if (!abandon_upload()) return;
        continue;
      } else {
        change.keys[history.prefix() + std::to_string(random() % 6)] =
            random() % 5 == 0 ? State() : State(any_write(random, id * 10));
      }
      if (!apply(history, std::move(change))) return;
    }
  }

  bool abandon_upload() {
    const auto upload = engine_->begin_upload(id_);
    const auto appended = run(upload->append(some_bytes(300'000)));
    return appended || go_on(appended.error());
  }

  Result<Version> try_apply(NamespaceId id, const Change& change) {
    std::vector<Mutation> mutations;
    for (const auto& [text, state] : change.keys) {
      if (!state) {
        mutations.emplace_back(Delete{key(text)});
        continue;
      }
      auto upload = engine_->begin_upload(id);
      if (auto appended = run(upload->append(state->bytes())); !appended) return appended.error();
      if (auto finished = run(upload->finish()); !finished) return finished.error();
      mutations.emplace_back(Put{key(text), std::move(upload), state->meta(), state->expiration});
    }
    return run(engine_->apply(id, std::move(mutations), written_at));
  }

  bool apply(History& history, Change change) {
    change.began = clock_.next();
    const auto applied = try_apply(id_, change);
    if (applied) {
      change.version = *applied;
      change.acknowledged = clock_.next();
      on_acknowledged(change.began);
    }
    history.add(std::move(change));
    return applied || go_on(applied.error());
  }

  // ---- Sweeps, and namespaces that come and go

  struct Visit {
    Namespace of;
    bool is_made = false;
    Change put{};
    bool is_removal_begun = false;
    bool is_removed = false;
  };

  void keep_house() {
    std::mt19937_64 random(options_.seed * 31 + 7);
    for (int step = 0; step < options_.steps / 2; ++step) {
      if (random() % 2 == 0 ? !sweep(random) : !visit(random)) return;
    }
  }

  bool sweep(std::mt19937_64& random) {
    sweeps_.push_back({t0 + std::chrono::seconds(random() % 2 == 0 ? 10 : 60), clock_.next()});
    const std::uint64_t began = sweeps_.back().began;
    const auto swept = run(engine_->sweep(sweeps_.back().now, 1000));
    if (!swept) return go_on(swept.error());
    sweeps_.back().is_acknowledged = true;
    if (swept->rows > 0) on_acknowledged(began);
    return true;
  }

  bool visit(std::mt19937_64& random) {
    NamespaceId::Bytes bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const std::uint64_t number = random();
    const Namespace of{NamespaceId(bytes), account, title(std::to_string(number)), Jurisdiction::none,
                       NamespaceMode::classic};
    auto& visit = visits_.emplace_back(Visit{.of = of});
    std::uint64_t began = clock_.next();
    if (const auto made = run(engine_->create_namespace(visit.of)); !made) return go_on(made.error());
    on_acknowledged(began);
    visit.is_made = true;
    for (std::uint64_t i = 0; i < 3; ++i)
      visit.put.keys[std::to_string(i)] = Written{number + i, std::size_t{1} << (6 * i + 7)};
    visit.put.began = clock_.next();
    const auto put = try_apply(visit.of.id, visit.put);
    if (!put) return go_on(put.error());
    visit.put.acknowledged = clock_.next();
    on_acknowledged(visit.put.began);
    if (random() % 2 == 0) return true;
    visit.is_removal_begun = true;
    began = clock_.next();
    if (const auto removed = run(engine_->remove_namespace(visit.of.id)); !removed)
      return go_on(removed.error());
    on_acknowledged(began);
    visit.is_removed = true;
    return true;
  }

  // ---- Verifying

  struct Findings {
    std::vector<std::string> all;
    void add(std::string what) { all.push_back(std::move(what)); }
  };

  // What a key holds, or a finding.
  static std::optional<std::pair<State, Version>> read(const Store& store, const std::string& text,
                                                       Findings& findings) {
    auto opened = store.open(text);
    if (!opened) {
      findings.add(text + ": cannot be read: " + opened.error().argument);
      return std::nullopt;
    }
    if (!*opened) return std::pair{State(), Version{}};
    const Head head = (*opened)->head;
    const auto bytes = run(read_to_end(std::move(**opened)));
    if (!bytes) {
      findings.add(text + ": its value cannot be read: " + bytes.error().argument);
      return std::nullopt;
    }
    Written found{0, bytes->size(), head.expiration};
    if (head.metadata) found.seed = std::stoull(head.metadata->text());
    if (*bytes != found.bytes()) findings.add(text + ": wrong bytes");
    return std::pair{State(found), head.version};
  }

  bool may_be_swept(const State& state) const {
    return state && state->expiration && std::any_of(sweeps_.begin(), sweeps_.end(), [&](const Sweep& each) {
             return *state->expiration <= each.now;
           });
  }
  bool must_be_swept(const State& state, std::uint64_t acknowledged) const {
    return state && state->expiration && std::any_of(sweeps_.begin(), sweeps_.end(), [&](const Sweep& each) {
             return each.is_acknowledged && each.began > acknowledged && *state->expiration <= each.now;
           });
  }

  void verify_keys(const Store& store, const History& history, std::optional<Version> until,
                   Findings& findings);
  void verify_bulk(const Store& store, const History& history, Findings& findings);
  void verify_visits(Engine& engine, Findings& findings);
  static void verify_usage(Engine& engine, const Store& store, Findings& findings);
  Version newest(const Store& store, Findings& findings) const;

  static inline const AccountId account{AccountId::Bytes{7}};

  Engine* const engine_;
  const NamespaceId id_;
  const WorkloadOptions options_;
  EventClock clock_;
  std::vector<History> histories_;
  std::vector<Sweep> sweeps_;
  std::vector<Visit> visits_;
  std::mutex mutex_;
  std::vector<Error> errors_;
};

inline void Workload::verify_keys(const Store& store, const History& history, std::optional<Version> until,
                                  Findings& findings) {
  for (const auto& [text, expected] : history.expected(until)) {
    const auto found = read(store, text, findings);
    if (!found) continue;
    const State& state = found->first;
    const bool is_sure = state == expected.sure || (!state && may_be_swept(expected.sure));
    const bool is_right =
        is_sure || std::any_of(expected.maybe.begin(), expected.maybe.end(), [&](const State& each) {
          return state == each || (!state && may_be_swept(each));
        });
    if (!is_right) {
      std::string wanted = text_of(expected.sure);
      for (const State& each : expected.maybe) wanted += " or " + text_of(each);
      findings.add(text + " must hold " + wanted + " and holds " + text_of(state));
    }
    if (state && state == expected.sure && must_be_swept(expected.sure, expected.acknowledged))
      findings.add(text + " was swept and came back");
  }
}

// The change under way is there in all its keys or in none. (Those of the bulk have no writes of their own.)
inline void Workload::verify_bulk(const Store& store, const History& history, Findings& findings) {
  for (const Change& change : history.changes()) {
    if (change.acknowledged > 0 || change.keys.size() == 1) continue;
    std::size_t there = 0;
    std::size_t not_there = 0;
    const auto expected = history.expected();
    for (const auto& [text, state] : change.keys) {
      const auto found = read(store, text, findings);
      if (!found) continue;
      const State& before = expected.at(text).sure;
      if (state == before || (!found->first && (may_be_swept(state) || may_be_swept(before)))) continue;
      ++(found->first == state ? there : not_there);
    }
    if (there > 0 && not_there > 0) findings.add("half of a bulk write: " + history.prefix());
  }
}

inline void Workload::verify_visits(Engine& engine, Findings& findings) {
  for (const Visit& visit : visits_) {
    const std::string name = visit.of.id.text();
    const bool is_there = run(engine.find_namespace(visit.of.id)).value().has_value();
    if (is_there && visit.is_removed) findings.add("namespace " + name + " came back");
    if (!is_there && visit.is_made && !visit.is_removal_begun) findings.add("namespace " + name + " is lost");
    const Store store(engine, visit.of.id);
    for (const auto& [text, state] : visit.put.keys) {
      const auto found = read(store, text, findings);
      if (!found) continue;
      if (!is_there && found->first) findings.add("a value outlived namespace " + name);
      if (is_there && visit.put.acknowledged > 0 && found->first != state)
        findings.add("namespace " + name + ", " + text + " holds " + text_of(found->first));
    }
    if (is_there) verify_usage(engine, store, findings);
  }
}

inline void Workload::verify_usage(Engine& engine, const Store& store, Findings& findings) {
  const auto usage = run(engine.usage(store.id(), t0));
  Usage counted{};
  ScanSlice slice;
  slice.resume_after = "";
  while (slice.resume_after) {
    auto next = run(engine.scan({store.id(), "", *slice.resume_after, 1000, t0}));
    if (!next) return findings.add("cannot list: " + next.error().argument);
    slice = std::move(*next);
    for (const Entry& each : slice.entries) {
      ++counted.keys;
      counted.bytes += each.key.text().size() + each.head.value_bytes +
                       (each.head.metadata ? each.head.metadata->text().size() : 0);
    }
  }
  if (!usage) return findings.add("usage cannot be read: " + usage.error().argument);
  if (usage->usage != counted)
    findings.add("usage is wrong: " + std::to_string(counted.keys) + " keys and " +
                 std::to_string(counted.bytes) + " bytes, and the counters say " +
                 std::to_string(usage->usage.keys) + " and " + std::to_string(usage->usage.bytes));
}

inline Version Workload::newest(const Store& store, Findings& findings) const {
  Version newest{};
  for (const History& history : histories_) {
    for (const auto& [text, expected] : history.expected()) {
      if (const auto found = read(store, text, findings)) newest = std::max(newest, found->second);
    }
  }
  return newest;
}

inline std::vector<std::string> Workload::verify(Engine& engine, Durability durability) {
  Findings findings;
  const Store store(engine, id_);
  std::optional<Version> until;
  // What came before the newest that is there must be there too.
  if (durability == Durability::relaxed) until = newest(store, findings);
  for (const History& history : histories_) {
    verify_keys(store, history, until, findings);
    if (durability == Durability::sync) verify_bulk(store, history, findings);
  }
  if (durability == Durability::sync) verify_visits(engine, findings);
  verify_usage(engine, store, findings);
  return findings.all;
}

}  // namespace cubby::disk
