// Lists while others write and the server is killed: every key that is there throughout comes exactly once,
// in order, and none that is not.
#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <thread>

#include "tests/torture/kv_client.hpp"
#include "tests/torture/random.hpp"
#include "tests/torture/trial.hpp"

namespace cubby::torture {
namespace {

constexpr std::size_t names = 500;
constexpr std::size_t writers = 3;
constexpr std::size_t listers = 3;
constexpr int fixed_rounds = 3;
constexpr int listings_per_round = 6;  // of each lister
constexpr Seconds first_second = 1'800'000'000;

// What happens to a key, so that what a list may say about it is known. Neighbours are of all kinds.
enum class Fate { stays, changes, deleted, expired };

Fate fate_of(std::size_t number) {
  constexpr Fate fates[] = {Fate::stays,   Fate::changes, Fate::stays,
                            Fate::deleted, Fate::changes, Fate::expired};
  return fates[number % std::size(fates)];
}

// In the order of their numbers, which is that of their bytes; some long, some with letters of several bytes.
std::string name_of(std::size_t number) {
  std::string digits = std::to_string(1000 + number).substr(1);
  std::string name = (number < names / 2 ? "key/" : "é/") + digits;
  if (number % 7 == 0) name += "/ü";
  if (number % 31 == 0) name += std::string(480, 'x');
  return name;
}

std::string metadata_of(const std::string& name) {
  return "\"" + name.substr(0, 20) + "\"";
}

// A client that goes on with the next start when the server is killed.
class Survivor {
 public:
  Survivor(const Server& server, Uptime uptime, std::string namespace_id)
      : server_(server), namespace_id_(std::move(namespace_id)) {
    client_.emplace(std::move(uptime), namespace_id_);
  }

  // Makes the call until it is answered: for calls that may happen twice.
  template <typename Call>
  auto call(const Call& call) {
    while (true) {
      try {
        return call(*client_);
      } catch (const NoAnswer&) {
        const int number = client_->uptime().number;
        if (!server_.is_killed(number)) throw;
        const auto next = server_.start_after(number);
        if (!next) throw;
        client_.emplace(*next, namespace_id_);
      }
    }
  }

 private:
  const Server& server_;
  std::string namespace_id_;
  std::optional<KvClient> client_;
};

class Listing {
 public:
  explicit Listing(Trial& trial)
      : trial_(trial),
        findings_(trial.findings),
        random_(trial.seed, 1),
        clock_(trial.directory / "clock", first_second),
        server_(trial.binary, trial.directory, clock_.path()) {
    for (std::size_t i = 0; i < names; ++i) {
      const Fate fate = fate_of(i);
      if (fate == Fate::stays) stays_.insert(name_of(i));
      if (fate == Fate::changes) changes_.push_back(name_of(i));
    }
  }

  void run() {
    uptime_ = server_.start();
    namespace_id_ = KvClient::create_namespace(uptime_, "torture");
    fill();
    for (int round = 0; trial_.goes_on(round, fixed_rounds); ++round) run_round(round);
  }

 private:
  Written written(const std::string& name, Random& random) const {
    Written value{value_bytes(name, random.one_in(20) ? 2'000 : 600), metadata_of(name), {}};
    if (random.one_in(5)) value.expiration = clock_.now() + 60;
    return value;
  }

  // Everything is there once; then some of it is deleted, and some expires.
  void fill() {
    KvClient client(uptime_, namespace_id_);
    std::vector<Pair> pairs;
    std::vector<std::string> deleted;
    for (std::size_t i = 0; i < names; ++i) {
      pairs.push_back({name_of(i), {"value", metadata_of(name_of(i)), {}}});
      if (fate_of(i) == Fate::expired) pairs.back().written.expiration = first_second + 60;
      if (fate_of(i) == Fate::deleted) deleted.push_back(name_of(i));
    }
    client.put_all(pairs);
    client.remove_all(deleted);
    clock_.advance(60);
  }

  // Writers write for as long as listers list, and the server is killed a few times meanwhile.
  void run_round(int round) {
    findings_.set_context("listing, seed " + std::to_string(trial_.seed) + ", round " +
                          std::to_string(round));
    const auto part = static_cast<std::uint64_t>(round) * 100;
    listers_left_ = listers;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < writers; ++i) {
      threads.emplace_back(
          [this, seed = part + 10 + i] { guarded([&] { write(Random(trial_.seed, seed)); }); });
    }
    for (std::size_t i = 0; i < listers; ++i) {
      threads.emplace_back([this, seed = part + 20 + i] {
        guarded([&] {
          for (int n = 0; n < listings_per_round; ++n)
            list(Random(trial_.seed * 1000 + seed, static_cast<std::uint64_t>(n)));
        });
        --listers_left_;
      });
    }
    while (listers_left_ > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(random_.between(100, 900)));
      server_.kill();
      findings_.count("kills");
      const Uptime uptime = server_.start();
      const std::lock_guard lock(mutex_);
      uptime_ = uptime;
    }
  }

  template <typename Work>
  void guarded(const Work& work) {
    try {
      work();
    } catch (const std::exception& failure) {
      findings_.violation(failure.what());
    }
  }

  Survivor new_client() {
    const std::lock_guard lock(mutex_);
    return {server_, uptime_, namespace_id_};
  }

  // Puts and deletes the keys that change, alone and in bulk.
  void write(Random random) {
    Survivor client = new_client();
    while (listers_left_ > 0) {
      const std::string& name = random.of(changes_);
      const Dialect by = random.one_in(2) ? Dialect::rest : Dialect::binding;
      if (random.one_in(10)) {
        std::vector<Pair> pairs;
        for (const std::string& each : changes_) {
          if (random.one_in(8)) pairs.push_back({each, written(each, random)});
        }
        client.call([&](KvClient& each) { each.put_all(pairs); });
      } else if (random.one_in(2)) {
        client.call([&](KvClient& each) { each.put(by, name, written(name, random)); });
      } else {
        client.call([&](KvClient& each) { each.remove(by, name); });
      }
      findings_.count("writes meanwhile");
    }
  }

  // From the first page to the last, perhaps over kills, and perhaps without the key that a cursor names.
  void list(Random random) {
    constexpr std::size_t limits[] = {1, 2, 3, 7, 10, 49, 100, 1000};
    const std::string prefixes[] = {"", "", "key/", "key/0", "key/11", "é/", "é/3", "none/"};
    const std::string& prefix = random.of(prefixes);
    const std::size_t limit = random.of(limits);
    const Dialect by = random.one_in(2) ? Dialect::rest : Dialect::binding;
    Survivor client = new_client();
    std::set<std::string> seen;
    std::string last;
    std::string cursor;
    do {
      const Page page = client.call([&](KvClient& each) { return each.list(by, prefix, limit, cursor); });
      findings_.count("pages");
      check_page(page, limit, prefix, last);
      for (const Listed& each : page.keys) seen.insert(each.key);
      if (!page.keys.empty()) last = page.keys.back().key;
      cursor = page.cursor;
      if (!cursor.empty() && !stays_.contains(last) && random.one_in(3)) {
        client.call([&](KvClient& each) { each.remove(by, last); });
        findings_.count("deletions of a cursor's key");
      }
    } while (!cursor.empty() && findings_.violations() == 0);
    for (const std::string& each : stays_) {
      if (each.starts_with(prefix) && !seen.contains(each) && findings_.violations() == 0)
        findings_.violation("a list with prefix '" + prefix + "' and limit " + std::to_string(limit) +
                            " lacks " + each);
    }
    findings_.count("listings");
  }

  void check_page(const Page& page, std::size_t limit, const std::string& prefix, std::string last) {
    if (page.keys.size() > limit)
      findings_.violation("a page has more than " + std::to_string(limit) + " keys");
    if (page.keys.empty() && !page.cursor.empty()) findings_.violation("an empty page has a cursor");
    for (const Listed& each : page.keys) {
      if (each.key <= last) findings_.violation(each.key + " comes after " + last);
      last = each.key;
      if (!each.key.starts_with(prefix)) findings_.violation(each.key + " has not the prefix " + prefix);
      if (!may_be_there(each.key)) findings_.violation(each.key + " is listed and was gone before");
      if (each.metadata != metadata_of(each.key))
        findings_.violation(each.key + " has the metadata " + each.metadata);
    }
  }

  bool may_be_there(const std::string& name) const {
    return stays_.contains(name) || std::find(changes_.begin(), changes_.end(), name) != changes_.end();
  }

  Trial& trial_;
  Findings& findings_;
  Random random_;
  ClockFile clock_;
  Server server_;
  std::string namespace_id_;
  std::set<std::string> stays_;
  std::vector<std::string> changes_;
  std::atomic<std::size_t> listers_left_ = 0;
  std::mutex mutex_;
  Uptime uptime_;  // the latest
};

}  // namespace

void listing(Trial& trial) {
  Listing(trial).run();
}

}  // namespace cubby::torture
