#include "tests/torture/oracle.hpp"

namespace cubby::torture {
namespace {

const State absent;
const Sighting unseen;

const Sighting& sighting_of(const Sightings& sightings, const std::string& key) {
  const auto found = sightings.find(key);
  return found == sightings.end() ? unseen : found->second;
}

std::string first_line(const std::string& bytes) {
  return bytes.substr(0, std::min<std::size_t>(bytes.find('\n'), 40));
}

std::string described(const std::optional<Seconds>& expiration) {
  return expiration ? ", until " + std::to_string(*expiration) : "";
}

}  // namespace

bool is_live(const State& state, Seconds now) {
  return state && state->is_live(now);
}

bool shows(const Sighting& sighting, const State& state, Seconds now) {
  if (!is_live(state, now)) return !sighting;
  if (!sighting || sighting->bytes.size() != state->size) return false;
  return sighting->metadata == state->metadata && sighting->expiration == state->expiration &&
         sighting->bytes == value_bytes(state->tag, state->size);
}

std::string described(const Sighting& sighting) {
  if (!sighting) return "nothing";
  return first_line(sighting->bytes) + " of " + std::to_string(sighting->bytes.size()) + " bytes, metadata " +
         sighting->metadata + described(sighting->expiration);
}

std::string described(const State& state) {
  if (!state) return "nothing";
  return state->tag + " of " + std::to_string(state->size) + " bytes, metadata " + state->metadata +
         described(state->expiration);
}

const State& Oracle::state(const std::string& key) const {
  const auto found = states_.find(key);
  return found == states_.end() ? absent : found->second;
}

void Oracle::acknowledged(const std::vector<Change>& changes) {
  for (const auto& [key, state] : changes) states_[key] = state;
}

std::vector<std::string> Oracle::settle(const Sightings& sightings, Seconds now) {
  std::vector<std::string> wrong;
  if (auto torn = settle_open(sightings, now)) wrong.push_back(std::move(*torn));
  for (const auto& [key, state] : states_) {
    const Sighting& sighting = sighting_of(sightings, key);
    if (shows(sighting, state, now)) continue;
    wrong.push_back(key + " must hold " + described(state) + " and holds " + described(sighting) + " at " +
                    std::to_string(now));
  }
  return wrong;
}

// A call has happened wholly or not at all. Keys that look the same either way say nothing.
std::optional<std::string> Oracle::settle_open(const Sightings& sightings, Seconds now) {
  const std::vector<Change> open = std::exchange(open_, {});
  const std::string* proof = nullptr;
  const std::string* disproof = nullptr;
  for (const auto& [key, next] : open) {
    const Sighting& sighting = sighting_of(sightings, key);
    const bool may_be_next = shows(sighting, next, now);
    const bool may_be_former = shows(sighting, state(key), now);
    if (may_be_next && !may_be_former) proof = &key;
    if (may_be_former && !may_be_next) disproof = &key;
  }
  if (proof && disproof) {
    return "a bulk of " + std::to_string(open.size()) + " is torn: " + *proof + " has changed and " +
           *disproof + " has not";
  }
  // A key that is neither is found by the comparison that follows.
  if (proof) {
    ++happened_;
    acknowledged(open);
  }
  return std::nullopt;
}

}  // namespace cubby::torture
