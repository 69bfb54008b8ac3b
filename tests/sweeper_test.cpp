// The sweeper over the memory engine: what is due goes, in portions, until it is stopped.
#include "service/sweeper.hpp"

#include <gtest/gtest.h>

#include "core/limits.hpp"
#include "store/memory_engine.hpp"
#include "tests/support/engine_calls.hpp"

namespace cubby {
namespace {

class SweeperTest : public testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<Engine> engine = make_memory_engine();
  Store store = new_store(*engine);
  Sweeper sweeper{*engine, clock};
};

TEST_F(SweeperTest, RemovesAllThatIsDueInPortions) {
  const std::size_t count = 2 * limits::sweep_rows_max + 1;
  std::vector<Mutation> mutations;
  for (std::size_t i = 0; i < count; ++i) {
    mutations.emplace_back(store.new_put(std::to_string(i), "x", {.expiration = t0 + 60s}));
  }
  mutations.emplace_back(store.new_put("later", "x", {.expiration = t0 + 61s}));
  store.apply(std::move(mutations)).value();

  EXPECT_EQ(run(sweeper.sweep_due()).value(), 0u);
  clock.advance(60s);
  EXPECT_EQ(run(sweeper.sweep_due()).value(), count);

  EXPECT_EQ(store.usage(t0), (Usage{1, 6}));
}

TEST_F(SweeperTest, RunSweepsAtOnceAndEndsWhenItIsStopped) {
  store.put("due", "x", {.expiration = t0});
  boost::asio::io_context loop;
  bool ended = false;
  boost::asio::co_spawn(loop, sweeper.run([](const Error&) { FAIL(); }),
                        [&ended](std::exception_ptr) { ended = true; });
  loop.poll();
  EXPECT_EQ(store.usage(t0 - 1s), Usage{});
  EXPECT_FALSE(ended);

  sweeper.stop();
  loop.run();

  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace cubby
