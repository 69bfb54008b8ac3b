#include "net/turnstile.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/task.hpp"

namespace cubby {
namespace {

class TurnstileTest : public testing::Test {
 protected:
  void start(char name, int turns) {
    spawn(loop_, work(name, turns), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
  }

  Task<void> work(char name, int turns) {
    for (; turns > 0; --turns) {
      co_await turnstile_.pass();
      seen_ += name;
    }
  }

  // Somebody who comes again and again with little to do.
  void come_again(char name, int times) {
    boost::asio::post(loop_, [this, name, times] {
      seen_ += name;
      if (times > 1) come_again(name, times - 1);
    });
  }

  boost::asio::io_context loop_{1};
  Turnstile turnstile_{loop_};
  std::string seen_;
};

TEST_F(TurnstileTest, LetsOneThroughInARound) {
  for (const char name : std::string("abcdefgh")) start(name, 1);
  come_again('.', 8);
  loop_.run();
  EXPECT_EQ(seen_, "a.b.c.d.e.f.g.h.");
}

TEST_F(TurnstileTest, LetsEachThroughInTheOrderOfItsComing) {
  for (const char name : std::string("abc")) start(name, 3);
  loop_.run();
  EXPECT_EQ(seen_, "aabcabcbc") << "the first has come for the second time before the others came at all";
}

TEST_F(TurnstileTest, LetsTheFirstThroughAtOnce) {
  for (int i = 0; i < 3; ++i) {
    start('a', 1);
    loop_.restart();
    loop_.run_one();  // its start
    EXPECT_EQ(seen_, std::string(static_cast<std::size_t>(i) + 1, 'a'));
    loop_.run();
  }
}

}  // namespace
}  // namespace cubby
