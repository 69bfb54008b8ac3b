#include "tests/torture/register_checker.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_set>

namespace cubby::torture {
namespace {

using Kind = Operation::Kind;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

class Search {
 public:
  explicit Search(const std::vector<Operation>& history) : history_(history) {
    std::unordered_set<Operation::Value> read;
    for (const Operation& each : history)
      if (each.kind == Kind::read) read.insert(each.value);
    for (std::size_t i = 0; i < history.size(); ++i) {
      // A write that may have happened and that nobody saw explains nothing.
      const Operation& each = history[i];
      const bool is_needed = each.is_certain || each.value == Operation::absent || read.contains(each.value);
      if (is_needed) order_.push_back(i);
    }
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t left, std::size_t right) {
      return history_[left].invoked < history_[right].invoked;
    });
    is_done_.assign(history.size(), false);
    certain_left_ = static_cast<std::size_t>(
        std::count_if(history.begin(), history.end(), [](const Operation& each) { return each.is_certain; }));
  }

  Verdict run() {
    Verdict verdict;
    verdict.is_linearizable = explain();
    if (verdict.is_linearizable) return verdict;
    verdict.longest = longest_;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (std::find(longest_.begin(), longest_.end(), i) == longest_.end()) verdict.left.push_back(i);
    }
    return verdict;
  }

 private:
  // What was put in order last, and what holds before it.
  struct Step {
    std::size_t operation;
    Operation::Value value;
    std::int64_t latest_invocation;
    std::vector<std::size_t> next;  // still to be tried in its place
  };

  // Puts one operation after another, back one step where none can follow.
  bool explain() {
    std::vector<std::size_t> next = candidates();
    while (certain_left_ > 0) {
      if (next.empty()) {
        if (steps_.empty()) return false;
        next = undo();
        continue;
      }
      const std::size_t operation = next.back();
      next.pop_back();
      apply(operation, std::move(next));
      next = seen_.insert(configuration()).second ? candidates() : std::vector<std::size_t>{};
    }
    return true;
  }

  // An operation can be next if nothing that is left must come before it, and nothing that is done after.
  std::vector<std::size_t> candidates() const {
    std::int64_t first_return = never;         // of those that must still come
    std::int64_t first_return_of_all = never;  // of those that may still come
    for (const std::size_t each : order_) {
      const Operation& operation = history_[each];
      if (operation.invoked > first_return) break;
      if (is_done_[each] || operation.returned < latest_invocation_) continue;
      first_return_of_all = std::min(first_return_of_all, operation.returned);
      if (operation.is_certain) first_return = std::min(first_return, operation.returned);
    }
    std::vector<std::size_t> all;
    std::unordered_set<std::int64_t> ends_of_open_deletions;
    for (const std::size_t each : order_) {
      const Operation& operation = history_[each];
      if (operation.invoked > first_return) break;
      if (is_done_[each] || operation.returned < latest_invocation_) continue;
      if (operation.kind == Kind::read && operation.value != value_) continue;
      // Of deletions that may have happened until the same moment one is as good as the other.
      const bool is_open_deletion = !operation.is_certain && operation.value == Operation::absent;
      if (is_open_deletion && !ends_of_open_deletions.insert(operation.returned).second) continue;
      // A read changes nothing, so it may as well come now, if that puts nothing else too late.
      if (operation.kind == Kind::read && operation.invoked <= first_return_of_all) return {each};
      all.push_back(each);
    }
    return all;
  }

  void apply(std::size_t operation, std::vector<std::size_t> others) {
    steps_.push_back({operation, value_, latest_invocation_, std::move(others)});
    is_done_[operation] = true;
    const Operation& done = history_[operation];
    if (done.is_certain) --certain_left_;
    if (done.kind == Kind::write) value_ = done.value;
    latest_invocation_ = std::max(latest_invocation_, done.invoked);
    if (steps_.size() <= longest_.size()) return;
    longest_.clear();
    for (const Step& each : steps_) longest_.push_back(each.operation);
  }

  std::vector<std::size_t> undo() {
    Step last = std::move(steps_.back());
    steps_.pop_back();
    is_done_[last.operation] = false;
    if (history_[last.operation].is_certain) ++certain_left_;
    value_ = last.value;
    latest_invocation_ = last.latest_invocation;
    return std::move(last.next);
  }

  // What the rest depends on: what is done, and the value. One that was left before leads nowhere.
  std::string configuration() const {
    std::string text(reinterpret_cast<const char*>(&value_), sizeof value_);
    for (std::size_t i = 0; i < is_done_.size(); i += 8) {
      unsigned byte = 0;
      for (std::size_t bit = 0; bit < 8 && i + bit < is_done_.size(); ++bit) {
        byte |= static_cast<unsigned>(is_done_[i + bit]) << bit;
      }
      text += static_cast<char>(byte);
    }
    return text;
  }

  const std::vector<Operation>& history_;
  std::vector<std::size_t> order_;  // by invocation
  std::vector<bool> is_done_;
  std::size_t certain_left_ = 0;
  Operation::Value value_ = Operation::absent;
  std::int64_t latest_invocation_ = std::numeric_limits<std::int64_t>::min();
  std::vector<Step> steps_;
  std::unordered_set<std::string> seen_;
  std::vector<std::size_t> longest_;
};

std::string described(const Operation& operation) {
  std::string text = operation.client + (operation.kind == Kind::read ? " reads " : " writes ");
  text += operation.value == Operation::absent ? "nothing" : std::to_string(operation.value);
  if (!operation.is_certain) text += ", perhaps,";
  return text + " from " + std::to_string(operation.invoked) + " to " + std::to_string(operation.returned);
}

}  // namespace

Verdict check_register(const std::vector<Operation>& history) {
  return Search(history).run();
}

std::string describe(const std::vector<Operation>& history, const Verdict& verdict) {
  constexpr std::size_t shown_max = 12;
  std::string text;
  const std::size_t skipped = verdict.longest.size() > shown_max ? verdict.longest.size() - shown_max : 0;
  for (std::size_t i = skipped; i < verdict.longest.size(); ++i) {
    text += "\n  " + described(history[verdict.longest[i]]);
  }
  text += "\n  and then none of";
  for (std::size_t i = 0; i < std::min(shown_max, verdict.left.size()); ++i) {
    text += "\n  " + described(history[verdict.left[i]]);
  }
  return text;
}

}  // namespace cubby::torture
