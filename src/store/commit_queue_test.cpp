#include "store/commit_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>

namespace cubby {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Batch = std::vector<std::string>;
using Queue = CommitQueue<Batch>;

// A queue whose first write waits until the test lets it go, so that the test knows what waits behind it.
class CommitQueueTest : public testing::Test {
 protected:
  CommitQueueTest() {
    push("gate");
    wait_for_the_first_write();
  }

  ~CommitQueueTest() override { finish(); }

  void push(const std::string& name, bool is_exclusive = false) {
    queue_->push({.stage = [name](Batch& batch) -> Result<void> {
                    batch.push_back(name);
                    return {};
                  },
                  .done = told(name),
                  .is_exclusive = is_exclusive});
  }

  void push_refused(const std::string& name) {
    queue_->push(
        {.stage = [](Batch&) -> Result<void> { return fail(Errc::title_taken); }, .done = told(name)});
  }

  // Opens the gate and waits until all that was pushed has been answered.
  void finish() {
    if (!queue_) return;
    open_.set_value();
    queue_.reset();
  }

  void wait_for_the_first_write() { is_writing_.wait(); }

  // Written by the commit thread, read after finish().
  std::vector<Batch> written;
  std::vector<std::string> answers;
  std::optional<Error> write_failure;

 private:
  std::function<void(Result<void>)> told(const std::string& name) {
    return [this, name](Result<void> result) {
      answers.push_back(name + (result                                     ? " ok"
                                : result.error().code == Errc::title_taken ? " refused"
                                                                           : " failed"));
    };
  }

  Result<void> write(const Batch& batch) {
    if (written.empty()) {
      writing_.set_value();
      open_.get_future().wait();
    }
    written.push_back(batch);
    if (written.size() > 1 && write_failure) return *write_failure;
    return {};
  }

  std::promise<void> writing_;
  std::future<void> is_writing_ = writing_.get_future();
  std::promise<void> open_;
  std::optional<Queue> queue_{std::in_place, [] { return Batch(); },
                              [this](Batch& batch) { return write(batch); }};
};

TEST_F(CommitQueueTest, WritesAloneWhatComesAlone) {
  finish();

  EXPECT_THAT(written, ElementsAre(Batch{"gate"}));
  EXPECT_THAT(answers, ElementsAre("gate ok"));
}

TEST_F(CommitQueueTest, WritesWhatWaitsAsOneGroupInItsOrder) {
  for (const char* name : {"a", "b", "c"}) push(name);
  finish();

  EXPECT_THAT(written, ElementsAre(Batch{"gate"}, Batch{"a", "b", "c"}));
  EXPECT_THAT(answers, ElementsAre("gate ok", "a ok", "b ok", "c ok"));
}

TEST_F(CommitQueueTest, WritesAnExclusiveChangeAlone) {
  push("a");
  push("b");
  push("first exclusive", true);
  push("second exclusive", true);
  push("c");
  push("d");
  finish();

  EXPECT_THAT(written, ElementsAre(Batch{"gate"}, Batch{"a", "b"}, Batch{"first exclusive"},
                                   Batch{"second exclusive"}, Batch{"c", "d"}));
}

TEST_F(CommitQueueTest, AnExclusiveChangeIsAnsweredBeforeTheNextIsStaged) {
  push("exclusive", true);
  push("a");
  finish();

  EXPECT_THAT(answers, ElementsAre("gate ok", "exclusive ok", "a ok"));
}

TEST_F(CommitQueueTest, ARefusedChangeDoesNotSpoilItsGroup) {
  push("a");
  push_refused("no");
  push("b");
  finish();

  EXPECT_THAT(written, ElementsAre(Batch{"gate"}, Batch{"a", "b"}));
  EXPECT_THAT(answers, testing::UnorderedElementsAre("gate ok", "no refused", "a ok", "b ok"));
}

TEST_F(CommitQueueTest, AGroupOfRefusedChangesIsNotWritten) {
  push_refused("no");
  push_refused("no");
  finish();

  EXPECT_THAT(written, ElementsAre(Batch{"gate"}));
  EXPECT_THAT(answers, ElementsAre("gate ok", "no refused", "no refused"));
}

TEST_F(CommitQueueTest, AFailedWriteIsToldToAllOfItsGroup) {
  write_failure = fail(Errc::storage_failed);
  push("a");
  push_refused("no");
  push("b");
  finish();

  EXPECT_THAT(answers, testing::UnorderedElementsAre("gate ok", "no refused", "a failed", "b failed"));
}

TEST_F(CommitQueueTest, NothingIsAnsweredBeforeItIsWritten) {
  push("a");

  EXPECT_THAT(answers, IsEmpty()) << "the first write has begun and not ended";
}

TEST(CommitQueue, TheDestructorCommitsWhatWaits) {
  int written = 0;
  int answered = 0;
  {
    CommitQueue<int> queue([] { return 0; },
                           [&](int& batch) -> Result<void> {
                             written += batch;
                             return {};
                           });
    for (int i = 0; i < 1000; ++i) {
      queue.push({.stage = [](int& batch) -> Result<void> {
                    ++batch;
                    return {};
                  },
                  .done = [&](Result<void>) { ++answered; }});
    }
  }

  EXPECT_EQ(written, 1000);
  EXPECT_EQ(answered, 1000);
}

TEST(CommitQueue, TakesChangesOfManyThreadsInTheOrderOfEach) {
  constexpr int threads_count = 4;
  constexpr int pushes = 500;
  std::vector<int> last(threads_count, -1);
  bool in_order = true;
  {
    CommitQueue<int> queue([] { return 0; }, [](int&) -> Result<void> { return {}; });
    std::vector<std::thread> threads;
    for (std::size_t number = 0; number < threads_count; ++number) {
      threads.emplace_back([&, number] {
        for (int i = 0; i < pushes; ++i) {
          queue.push({.stage = [&, number, i](int&) -> Result<void> {
                        in_order = in_order && std::exchange(last[number], i) == i - 1;
                        return {};
                      },
                      .done = [](Result<void>) {}});
        }
      });
    }
    for (std::thread& each : threads) each.join();
  }

  EXPECT_TRUE(in_order);
  EXPECT_THAT(last, testing::Each(pushes - 1));
}

// A change holds on to its caller's loop: it must not be kept until the next one comes.
TEST(CommitQueue, LetsGoOfAChangeOnceItIsAnswered) {
  CommitQueue<int> queue([] { return 0; }, [](int&) -> Result<void> { return {}; });
  std::promise<void> gone;
  auto whoever_lives_longest = std::shared_ptr<void>(nullptr, [&gone](void*) { gone.set_value(); });
  queue.push({.stage = [](int&) -> Result<void> { return {}; },
              .done = [kept = std::move(whoever_lives_longest)](Result<void>) {}});

  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

}  // namespace
}  // namespace cubby
