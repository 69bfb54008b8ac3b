// What every torture is given, and what they are called.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "tests/torture/findings.hpp"

namespace cubby::torture {

struct Trial {
  std::filesystem::path binary;     // the real `cubby`
  std::filesystem::path directory;  // for whatever it needs, empty at first
  std::uint64_t seed = 1;
  std::chrono::seconds time{0};  // 0: the fixed round, the same amount of work on every machine
  Findings findings;
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();

  // After a violation nothing goes on: what follows would only repeat it.
  bool goes_on(int rounds_done, int fixed_rounds) const {
    if (findings.violations() > 0) return false;
    if (time.count() == 0) return rounds_done < fixed_rounds;
    return std::chrono::steady_clock::now() - begin < time;
  }
};

// Each runs until `goes_on` says no, and ends all that it started.
void kill_loop(Trial& trial);
void linearizability(Trial& trial);
void listing(Trial& trial);
void clock_jumps(Trial& trial);
// On the cluster of CUBBY_TEST_RADOS_CONF, which the script CUBBY_CLUSTER has started.
void cluster_faults(Trial& trial);

}  // namespace cubby::torture
