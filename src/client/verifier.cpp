#include <algorithm>
#include <boost/json/parse.hpp>
#include <map>

#include "client/copier.hpp"
#include "client/key_lister.hpp"
#include "client/ordered_work.hpp"
#include "client/sha256.hpp"
#include "client/value_reader.hpp"
#include "core/limits.hpp"

namespace cubby::client {
namespace {

using What = Difference::What;
using Pairs = std::map<std::string, Pair>;

// The keys of one stretch of the order, on both sides.
struct Stretch {
  std::vector<ListedKey> from;
  std::vector<ListedKey> to;
};

// Walks both sides side by side.
class StretchLister {
 public:
  StretchLister(const Site& from, const Site& to, const CopyJob& job)
      : from_(from.client(), job.from, job.prefix, {}, limits::bulk_get_keys_max),
        to_(to.client(), job.to, job.prefix, {}, limits::bulk_get_keys_max) {}

  Outcome<std::optional<Stretch>> next() {
    Stretch stretch;
    auto unit = from_.next();
    if (!unit) return unit.error();
    if (*unit) {
      stretch.from = std::move((*unit)->keys);
      auto same = to_.take_through(stretch.from.back().name);
      if (!same) return same.error();
      stretch.to = *std::move(same);
      return std::optional(std::move(stretch));
    }
    auto rest = to_.next();
    if (!rest) return rest.error();
    if (!*rest) return std::optional<Stretch>();
    stretch.to = std::move((*rest)->keys);
    return std::optional(std::move(stretch));
  }

 private:
  KeyLister from_;
  KeyLister to_;
};

// As text, or as values: a server may write the same JSON differently.
bool is_same_json(const std::optional<std::string>& left, const std::optional<std::string>& right) {
  if (left == right) return true;
  if (!left || !right) return false;
  boost::system::error_code left_error;
  boost::system::error_code right_error;
  const auto left_value = boost::json::parse(*left, left_error);
  const auto right_value = boost::json::parse(*right, right_error);
  return !left_error && !right_error && left_value == right_value;
}

bool has(const std::vector<ListedKey>& keys, const std::string& name) {
  const auto at =
      std::lower_bound(keys.begin(), keys.end(), name,
                       [](const ListedKey& key, const std::string& text) { return key.name < text; });
  return at != keys.end() && at->name == name;
}

std::vector<ListedKey> common_keys(const std::vector<ListedKey>& keys, const std::vector<ListedKey>& others) {
  std::vector<ListedKey> common;
  for (const ListedKey& key : keys)
    if (has(others, key.name)) common.push_back(key);
  return common;
}

// A key that was listed on both sides and is gone on one counts as missing or extra, too.
std::vector<What> compare(const std::string& key, const Stretch& stretch, const Pairs& theirs,
                          const Pairs& ours) {
  const auto from = theirs.find(key);
  const auto to = ours.find(key);
  if (!has(stretch.to, key) || (to == ours.end() && from != theirs.end())) return {What::missing};
  if (!has(stretch.from, key) || (from == theirs.end() && to != ours.end())) return {What::extra};
  if (from == theirs.end()) return {};  // gone on both
  std::vector<What> found;
  if (from->second.value != to->second.value) found.push_back(What::value);
  if (!is_same_json(from->second.metadata, to->second.metadata)) found.push_back(What::metadata);
  if (from->second.expiration != to->second.expiration) found.push_back(What::expiration);
  return found;
}

// Values are kept as their digests.
Outcome<Pairs> read_all(KvClient& client, const NamespaceId& id, const std::vector<ListedKey>& keys,
                        Report& reading) {
  Pairs pairs;
  const auto read = read_values(client, id, keys, reading, [&pairs](Pair pair) -> Outcome<void> {
    Sha256 digest;
    digest.add(pair.value);
    pair.value = digest.text();
    pairs.emplace(pair.key, std::move(pair));
    return {};
  });
  if (!read) return read.error();
  return pairs;
}

}  // namespace

Outcome<void> run_verify(const Site& from, const Site& to, const CopyJob& job, const Clock& clock,
                         Report& report, const std::function<void(const Difference& difference)>& tell) {
  const auto from_clients = from.clients(job.parallel);
  const auto to_clients = to.clients(job.parallel);
  StretchLister lister(from, to, job);
  Report from_reading;
  Report to_reading;
  from_reading.say = to_reading.say = report.say;
  auto done = work_in_order<Stretch>(
      job.parallel, [&lister] { return lister.next(); },
      [&](unsigned thread, Stretch& stretch, Turn& turn) -> Outcome<void> {
        const auto theirs =
            read_all(*from_clients[thread], job.from, common_keys(stretch.from, stretch.to), from_reading);
        if (!theirs) return theirs.error();
        const auto ours =
            read_all(*to_clients[thread], job.to, common_keys(stretch.to, stretch.from), to_reading);
        if (!ours) return ours.error();
        std::map<std::string, std::optional<std::int64_t>> keys;
        for (const ListedKey& key : stretch.to) keys[key.name] = key.expiration;
        for (const ListedKey& key : stretch.from) keys[key.name] = key.expiration;
        if (!turn.wait()) return failed("stopped");
        for (const auto& [key, expiration] : keys) {
          if (is_due({.key = key, .value = {}, .expiration = expiration}, whole_seconds(clock.now()))) {
            ++report.expired;
            continue;
          }
          ++report.keys;
          const auto found = compare(key, stretch, *theirs, *ours);
          if (!found.empty()) ++report.different;
          for (const What what : found) tell({what, key});
        }
        return {};
      });
  report.bytes += from_reading.bytes;
  return done;
}

}  // namespace cubby::client
