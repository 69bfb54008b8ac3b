// Seeded choices.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>

namespace cubby::torture {

class Random {
 public:
  explicit Random(std::uint64_t seed) : generator_(seed) {}
  // What part `part` of a run with this seed chooses from, so that one part does not shift another's choices.
  Random(std::uint64_t seed, std::uint64_t part) : generator_(seed * 0x9E3779B97F4A7C15 + part) {}

  std::uint64_t below(std::uint64_t bound) { return generator_() % bound; }
  std::uint64_t between(std::uint64_t first, std::uint64_t last) { return first + below(last - first + 1); }
  bool one_in(std::uint64_t times) { return below(times) == 0; }
  template <typename Range>
  auto& of(Range& range) {
    return range[below(std::size(range))];
  }

 private:
  std::mt19937_64 generator_;
};

// Printable bytes, others for every tag; the tag comes first, so that a reader sees whose value it has.
inline std::string value_bytes(const std::string& tag, std::size_t size) {
  std::string bytes = tag + "\n";
  std::uint64_t state = std::hash<std::string>{}(tag) | 1;
  while (bytes.size() < size) {
    state = state * 6364136223846793005 + 1442695040888963407;
    for (int shift = 16; shift < 64; shift += 6) bytes += static_cast<char>('0' + ((state >> shift) & 63));
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace cubby::torture
