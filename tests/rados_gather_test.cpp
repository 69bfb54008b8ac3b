#include "rados/rados_gather.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <stdexcept>

#include "core/use_task.hpp"
#include "tests/support/run_task.hpp"

namespace cubby {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// How many are under way, and how many ever were.
struct Tally {
  int running = 0;
  int running_max = 0;
  int ended = 0;
};

// Others get their turn so many times meanwhile.
Task<int> slow_number(int value, int turns, Tally& tally) {
  tally.running_max = std::max(++tally.running, tally.running_max);
  for (int i = 0; i < turns; ++i) {
    boost::asio::steady_timer timer(co_await this_loop, std::chrono::seconds(0));
    co_await timer.async_wait(use_task);
  }
  --tally.running;
  ++tally.ended;
  co_return value;
}

Task<int> failing(std::string text) {
  throw std::runtime_error(text);
  co_return 0;
}

std::vector<Task<int>> slow_numbers(int count, Tally& tally) {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(slow_number(i, count - i, tally));
  return tasks;
}

TEST(RadosGather, AnswersInTheOrderOfTheTasks) {
  Tally tally;
  EXPECT_THAT(run(gather(slow_numbers(5, tally), 16)), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(tally.running_max, 5);
}

TEST(RadosGather, RunsNoMoreAtATime) {
  for (const int at_once : {1, 3}) {
    Tally tally;
    EXPECT_EQ(run(gather(slow_numbers(20, tally), static_cast<std::size_t>(at_once))).size(), 20u);
    EXPECT_EQ(tally.running_max, at_once);
  }
}

TEST(RadosGather, OfNothingIsNothing) {
  EXPECT_THAT(run(gather(std::vector<Task<int>>{}, 3)), IsEmpty());
}

TEST(RadosGather, TakesWhatCanOnlyBeMovedAndTasksThatNeverWait) {
  std::vector<Task<std::unique_ptr<int>>> tasks;
  tasks.push_back(Task<std::unique_ptr<int>>::ready(std::make_unique<int>(7)));
  EXPECT_EQ(*run(gather(std::move(tasks), 3)).front(), 7);
}

TEST(RadosGather, PassesTheFirstExceptionOnWhenWhatWasBegunHasEnded) {
  Tally tally;
  auto tasks = slow_numbers(4, tally);
  tasks.push_back(failing("first"));
  tasks.push_back(failing("second"));
  try {
    run(gather(std::move(tasks), 6));
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "first");
  }
  EXPECT_EQ(tally.ended, 4);
  EXPECT_EQ(tally.running, 0);
}

}  // namespace
}  // namespace cubby
