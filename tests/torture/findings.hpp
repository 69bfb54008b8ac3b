// What a torture found, and how much it did.
#pragma once

#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <mutex>
#include <string>

namespace cubby::torture {

// Thread-safe.
class Findings {
 public:
  // A promise was broken. Printed at once.
  void violation(const std::string& what) {
    const std::lock_guard lock(mutex_);
    ++violations_;
    std::cout << "VIOLATION " << context_ << ": " << what.substr(0, 4000) << std::endl;
  }

  void count(const std::string& what, std::uint64_t by = 1) {
    const std::lock_guard lock(mutex_);
    counts_[what] += by;
  }

  // Where violations are from now on: printed before each.
  void set_context(std::string context) {
    const std::lock_guard lock(mutex_);
    context_ = std::move(context);
  }

  std::uint64_t violations() const {
    const std::lock_guard lock(mutex_);
    return violations_;
  }

  // One line: what was done, and the violations.
  std::string tally() const {
    const std::lock_guard lock(mutex_);
    std::string line;
    for (const auto& [what, count] : counts_) line += std::to_string(count) + " " + what + ", ";
    return line + std::to_string(violations_) + " violations";
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;
  std::uint64_t violations_ = 0;
  std::string context_;
};

}  // namespace cubby::torture
