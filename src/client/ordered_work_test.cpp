#include "client/ordered_work.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace cubby::client {
namespace {

TEST(OrderedWork, CommitsInTurnWhateverIsReadyFirst) {
  int given = 0;
  std::vector<int> committed;
  const auto done = work_in_order<int>(
      4, [&]() -> Outcome<std::optional<int>> { return given < 200 ? std::optional(given++) : std::nullopt; },
      [&](unsigned, int& unit, Turn& turn) -> Outcome<void> {
        EXPECT_TRUE(turn.wait());
        committed.push_back(unit);  // nobody else is here
        return {};
      });
  EXPECT_TRUE(done);
  std::vector<int> expected(200);
  for (int i = 0; i < 200; ++i) expected[static_cast<std::size_t>(i)] = i;
  EXPECT_EQ(committed, expected);
}

TEST(OrderedWork, TheFirstFailureEndsIt) {
  int given = 0;
  std::atomic<int> last{-1};
  const auto done = work_in_order<int>(
      4, [&]() -> Outcome<std::optional<int>> { return std::optional(given++); },
      [&](unsigned, int& unit, Turn& turn) -> Outcome<void> {
        if (unit == 50) return failed("unit 50");
        if (!turn.wait()) return failed("stopped");
        last = unit;
        return {};
      });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "unit 50");
  EXPECT_LT(last, 50);  // nothing behind it was committed
  const auto source = work_in_order<int>(
      2, []() -> Outcome<std::optional<int>> { return failed("no more"); },
      [](unsigned, int&, Turn&) -> Outcome<void> { return {}; });
  EXPECT_EQ(source.error().message, "no more");
}

}  // namespace
}  // namespace cubby::client
