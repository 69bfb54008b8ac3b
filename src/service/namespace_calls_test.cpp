#include "service/namespace_calls.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cubby {
namespace {

const NamespaceId id = NamespaceId::random();

TEST(NamespaceCalls, RatesAreThoseOfTheLastMinute) {
  NamespaceCalls calls;
  EXPECT_EQ(calls.rates(id), CallRates{});
  for (int i = 0; i < 120; ++i) calls.note(Work::read, id);
  calls.note(Work::list, NamespaceId::random());
  EXPECT_EQ(calls.rates(id), CallRates{});
  calls.end_step();
  EXPECT_EQ(calls.rates(id), (CallRates{12, 0, 0, 0}));
  EXPECT_EQ(calls.rates(NamespaceId::random()), CallRates{});
  for (std::size_t i = 1; i < NamespaceCalls::steps_max; ++i) calls.end_step();
  EXPECT_EQ(calls.rates(id), (CallRates{2, 0, 0, 0}));
  calls.end_step();
  EXPECT_EQ(calls.rates(id), CallRates{});
}

TEST(NamespaceCalls, ThreadsCountAtOnce) {
  NamespaceCalls calls;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) calls.note(Work::remove, id);
    });
  }
  for (std::thread& each : threads) each.join();
  calls.end_step();
  EXPECT_EQ(calls.rates(id), (CallRates{0, 0, 4000, 0}));
}

TEST(NamespaceCalls, MadeUpIdsTakeABoundedRoom) {
  NamespaceCalls calls;
  for (std::size_t i = 0; i < NamespaceCalls::namespaces_max; ++i)
    calls.note(Work::read, NamespaceId::random());
  calls.note(Work::read, id);
  calls.end_step();
  EXPECT_EQ(calls.rates(id), CallRates{});
  calls.note(Work::read, id);
  calls.end_step();
  EXPECT_NE(calls.rates(id), CallRates{});
}

}  // namespace
}  // namespace cubby
