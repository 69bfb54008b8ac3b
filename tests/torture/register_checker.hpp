// Whether what clients saw of one key can be explained by a register that does one thing at a time
// (linearizability), by the search of Wing, Gong and Lowe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cubby::torture {

// One call as its client saw it. Its effect was at some moment between `invoked` and `returned`; an operation
// comes before another one if it returned before that was invoked.
struct Operation {
  enum class Kind { read, write };
  using Value = std::uint64_t;
  static constexpr Value absent = 0;  // what a deletion writes

  Kind kind = Kind::read;
  Value value = absent;  // read or written; every write but deletions has another
  std::int64_t invoked = 0;
  std::int64_t returned = 0;  // of one without answer: when it can have had no effect any more
  bool is_certain = true;     // false: it had no answer, and may not have happened
  std::string client{};       // for reports
};

struct Verdict {
  bool is_linearizable = true;
  // If not: the longest order that was found, as indexes, and what could not follow.
  std::vector<std::size_t> longest;
  std::vector<std::size_t> left;
};

// Of one key, absent at first. Cost: grows fast with how many operations overlap, else linear.
Verdict check_register(const std::vector<Operation>& history);

// For a report: the operations around the point where the order ends.
std::string describe(const std::vector<Operation>& history, const Verdict& verdict);

}  // namespace cubby::torture
