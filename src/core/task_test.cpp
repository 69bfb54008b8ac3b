#include "core/task.hpp"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "core/resume.hpp"
#include "core/use_task.hpp"
#include "tests/support/run_task.hpp"

namespace cubby {
namespace {

Task<int> number(int value) {
  co_return value;
}

Task<int> number_from_another_thread(int value) {
  std::thread thread;
  auto start = [&](std::function<void(int)> resume) {
    thread = std::thread([resume = std::move(resume), value] { resume(value); });
  };
  const int answer = co_await resume_later<int>(start);
  thread.join();
  co_return answer;
}

Task<int> failure() {
  throw std::runtime_error("on purpose");
  co_return 0;
}

// A local constant is handed on as something that may be moved from.
Task<Result<bool>> handed_on(Result<bool> given) {
  const Result<bool> kept = std::move(given);
  co_return kept;
}

Task<Result<bool>> handed_on_by_name(Result<bool>& given) {
  co_return given;
}

TEST(Task, AnErrorInsteadOfYesOrNoStaysOne) {
  EXPECT_FALSE(run(handed_on(fail(Errc::internal))).has_value());
  Result<bool> given = fail(Errc::internal);
  EXPECT_FALSE(run(handed_on_by_name(given)).has_value());
  EXPECT_TRUE(run(handed_on(true)).value());
}

TEST(Task, AnswersWhatItReturns) {
  EXPECT_EQ(run(number(7)), 7);
}

TEST(Task, MayBeReadyWithoutACoroutine) {
  EXPECT_EQ(run(Task<int>::ready(7)), 7);
  const auto moved = []() -> Task<std::string> {
    auto text = Task<std::unique_ptr<std::string>>::ready(std::make_unique<std::string>("moved"));
    auto elsewhere = std::move(text);
    const auto pointer = co_await std::move(elsewhere);
    co_return *pointer;
  };
  EXPECT_EQ(run(moved()), "moved");
}

TEST(Task, DoesNotStartBeforeItIsAwaited) {
  bool has_started = false;
  const auto start = [](bool& started) -> Task<void> {
    started = true;
    co_return;
  };
  { const auto never_awaited = start(has_started); }
  EXPECT_FALSE(has_started);
}

TEST(Task, PassesAnExceptionToWhoeverAwaitsIt) {
  const auto caught = []() -> Task<std::string> {
    try {
      co_await failure();
    } catch (const std::runtime_error& error) {
      co_return error.what();
    }
    co_return "nothing";
  };
  EXPECT_EQ(run(caught()), "on purpose");
  EXPECT_THROW(run(failure()), std::runtime_error);
}

TEST(Task, ALoopOverTasksThatNeverWaitKeepsTheStack) {
  const auto sum = []() -> Task<long> {
    long total = 0;
    for (int i = 0; i < 1'000'000; ++i) total += co_await number(1);
    co_return total;
  };
  EXPECT_EQ(run(sum()), 1'000'000);
}

TEST(Task, ALoopOverTasksThatWaitKeepsTheStack) {
  const auto sum = []() -> Task<long> {
    long total = 0;
    for (int i = 0; i < 100'000; ++i) {
      auto start = [](std::function<void(int)> resume) { resume(1); };
      total += co_await resume_later<int>(start);
    }
    co_return total;
  };
  EXPECT_EQ(run(sum()), 100'000);
}

TEST(Task, ComesBackToItsLoopFromAnotherThread) {
  const auto visit = []() -> Task<bool> {
    const auto home = std::this_thread::get_id();
    const int answer = co_await number_from_another_thread(7);
    co_return answer == 7 && std::this_thread::get_id() == home;
  };
  EXPECT_TRUE(run(visit()));
}

TEST(Task, ManyThatAreResumedTogetherGoOnInOrderOnTheirLoop) {
  boost::asio::io_context loop;
  std::vector<std::function<void(int)>> waiting;
  std::vector<int> seen;
  const auto wait = [](std::vector<std::function<void(int)>>& all, std::vector<int>& answers) -> Task<void> {
    auto start = [&](std::function<void(int)> resume) { all.push_back(std::move(resume)); };
    answers.push_back(co_await resume_later<int>(start));
  };
  constexpr int count = 200;
  for (int i = 0; i < count; ++i) spawn(loop, wait(waiting, seen), [](std::exception_ptr) {});
  while (waiting.size() < count) loop.run_one();

  std::thread([&] {
    const ResumeTogether together;
    for (int i = 0; i < count; ++i) waiting[static_cast<std::size_t>(i)](i);
    EXPECT_EQ(loop.poll(), 0u) << "not before all are";
  }).join();
  waiting.clear();
  loop.restart();
  loop.run();

  std::vector<int> in_order(count);
  std::iota(in_order.begin(), in_order.end(), 0);
  EXPECT_EQ(seen, in_order);
}

TEST(Task, WaitsForAnOperationAndGetsItsResults) {
  boost::asio::io_context loop;
  boost::asio::steady_timer timer(loop);
  std::vector<std::string> order;
  const auto wait = [](boost::asio::steady_timer& on, std::vector<std::string>& seen) -> Task<void> {
    seen.push_back("waiting");
    const auto [error] = co_await on.async_wait(use_task);
    seen.push_back(error == boost::asio::error::operation_aborted ? "cancelled" : "expired");
  };
  const auto cancel = [](boost::asio::steady_timer& which) -> Task<void> {
    which.cancel();
    co_return;
  };
  timer.expires_at(std::chrono::steady_clock::time_point::max());
  spawn(loop, wait(timer, order), [&](std::exception_ptr) { order.push_back("done"); });
  spawn(loop, cancel(timer), [](std::exception_ptr) {});
  loop.run();
  EXPECT_EQ(order, (std::vector<std::string>{"waiting", "cancelled", "done"}));
}

}  // namespace
}  // namespace cubby
