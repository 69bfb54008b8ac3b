#ifdef CUBBY_WITH_RADOS
#include "rados/rados_kept_usage.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

#include "core/resume.hpp"
#include "tests/support/run_task.hpp"

namespace cubby {
namespace {

using namespace std::chrono_literals;

constexpr Instant t0{1000s};
constexpr IndexId index{1};

Task<Result<Usage>> counted(Usage usage) {
  co_return usage;
}

Task<Result<Usage>> not_to_be_counted() {
  ADD_FAILURE() << "counted again";
  co_return Usage{};
}

Task<Result<Usage>> throwing() {
  throw std::runtime_error("on purpose");
  co_return Usage{};
}

// A count that is under way until it is ended.
class HeldCount {
 public:
  Task<Result<Usage>> count() {
    auto hold = [this](std::function<void(Result<Usage>)> resume) { resume_ = std::move(resume); };
    co_return co_await resume_later<Result<Usage>>(std::move(hold));
  }
  // What resumes keeps the loop running, so it goes.
  void end(const Result<Usage>& usage) { std::exchange(resume_, nullptr)(usage); }

 private:
  std::function<void(Result<Usage>)> resume_;
};

// Callers at the same time, on one loop.
class Callers {
 public:
  explicit Callers(RadosKeptUsage& kept) : kept_(kept) {}

  // Goes on until all wait.
  void call(Instant now, Task<Result<Usage>> counting) {
    auto keep = [](Task<Result<CountedUsage>> call, Callers& callers) -> Task<void> {
      callers.answers.push_back(co_await std::move(call));
    };
    spawn(loop_, keep(kept_.count(index, now, std::move(counting)), *this), [](std::exception_ptr) {});
    loop_.poll();
  }
  void wait() { loop_.run(); }

  std::vector<Result<CountedUsage>> answers;

 private:
  RadosKeptUsage& kept_;
  boost::asio::io_context loop_;
};

void expect_told(const std::optional<CountedUsage>& told, Usage usage, std::chrono::seconds age) {
  ASSERT_TRUE(told);
  EXPECT_EQ(told->usage, usage);
  EXPECT_EQ(told->age, age);
}

TEST(RadosKeptUsage, WhatIsCountedForACallIsNew) {
  RadosKeptUsage kept(60s);
  expect_told(run(kept.count(index, t0, counted({3, 30}))).value(), {3, 30}, 0s);
}

TEST(RadosKeptUsage, IsToldWithItsAgeUntilItIsTooOld) {
  RadosKeptUsage kept(60s);
  EXPECT_FALSE(kept.find(index, t0));
  run(kept.count(index, t0, counted({3, 30}))).value();

  expect_told(kept.find(index, t0), {3, 30}, 1s);  // of the same second, but earlier
  expect_told(kept.find(index, t0 + 59s), {3, 30}, 60s);
  EXPECT_FALSE(kept.find(index, t0 + 60s));
  EXPECT_FALSE(kept.find(index, t0 - 1s)) << "the clock has gone back";
  EXPECT_FALSE(kept.find(IndexId{2}, t0));

  expect_told(run(kept.count(index, t0 + 60s, counted({4, 40}))).value(), {4, 40}, 0s);
  expect_told(kept.find(index, t0 + 70s), {4, 40}, 11s);
}

TEST(RadosKeptUsage, CallersAtTheSameTimeShareOneCount) {
  RadosKeptUsage kept(60s);
  HeldCount held;
  Callers callers(kept);
  callers.call(t0, held.count());
  callers.call(t0, not_to_be_counted());
  callers.call(t0 + 5s, not_to_be_counted());
  EXPECT_TRUE(callers.answers.empty());

  held.end(Usage{3, 30});
  callers.wait();

  ASSERT_EQ(callers.answers.size(), 3u);
  expect_told(callers.answers[0].value(), {3, 30}, 0s);
  expect_told(callers.answers[1].value(), {3, 30}, 1s);
  expect_told(callers.answers[2].value(), {3, 30}, 6s);
  expect_told(kept.find(index, t0 + 10s), {3, 30}, 11s);
}

TEST(RadosKeptUsage, AnErrorIsToldToAllAndNotKept) {
  RadosKeptUsage kept(60s);
  HeldCount held;
  Callers callers(kept);
  callers.call(t0, held.count());
  callers.call(t0, not_to_be_counted());

  held.end(fail(Errc::storage_unavailable, "no answer"));
  callers.wait();

  ASSERT_EQ(callers.answers.size(), 2u);
  for (const auto& each : callers.answers) EXPECT_EQ(each.error().code, Errc::storage_unavailable);
  EXPECT_FALSE(kept.find(index, t0));
  EXPECT_EQ(run(kept.count(index, t0, throwing())).error().code, Errc::internal);
  expect_told(run(kept.count(index, t0, counted({3, 30}))).value(), {3, 30}, 0s);
}

}  // namespace
}  // namespace cubby
#endif
