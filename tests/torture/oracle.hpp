// What a writer's keys must hold, known from the answers that it got.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/torture/kv_client.hpp"
#include "tests/torture/random.hpp"

namespace cubby::torture {

// A value, as its writer plans it; the bytes follow from tag and size.
struct Plan {
  std::string tag;
  std::size_t size = 0;
  std::string metadata;
  std::optional<Seconds> expiration;

  Written written() const { return {value_bytes(tag, size), metadata, expiration}; }
  bool is_live(Seconds now) const { return !expiration || *expiration > now; }
};

// Nothing: the key is absent.
using State = std::optional<Plan>;
using Change = std::pair<std::string, State>;

// All that was read of one key.
using Sighting = std::optional<Found>;
using Sightings = std::map<std::string, Sighting>;

bool is_live(const State& state, Seconds now);
// Whether a reader at `now` sees that, all of it: bytes, metadata and expiration of one write.
bool shows(const Sighting& sighting, const State& state, Seconds now);
std::string described(const Sighting& sighting);
std::string described(const State& state);

// Of one writer, which has one call under way at most. A call whose outcome is unknown is remembered whole
// until its keys are read. For a clock that does not go back.
class Oracle {
 public:
  const State& state(const std::string& key) const;

  void acknowledged(const std::vector<Change>& changes);
  // REQUIRES: nothing else is open.
  void left_open(std::vector<Change> changes) { open_ = std::move(changes); }

  // Compares all keys with what was read when nothing was under way, and learns the outcome of what was open.
  // Answers what is wrong.
  std::vector<std::string> settle(const Sightings& sightings, Seconds now);

  // Since the start: how many open calls turned out to have happened.
  std::uint64_t happened() const { return happened_; }
  const std::map<std::string, State>& states() const { return states_; }

 private:
  std::optional<std::string> settle_open(const Sightings& sightings, Seconds now);

  std::map<std::string, State> states_;
  std::vector<Change> open_;
  std::uint64_t happened_ = 0;
};

}  // namespace cubby::torture
