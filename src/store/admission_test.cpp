#include "store/admission.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace cubby {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AdmissionTest : public testing::Test {
 protected:
  // Notes `bytes` once it was let in.
  void enter(std::size_t bytes) {
    const auto note = [](AdmissionTest& test, std::size_t count) -> Task<void> {
      co_await test.admission.enter(count);
      test.entered.push_back(count);
    };
    spawn(loop, note(*this, bytes), [](std::exception_ptr) {});
    poll();
  }

  void leave(std::size_t bytes) {
    admission.leave(bytes);
    poll();
  }

  void poll() {
    loop.restart();
    loop.poll();
  }

  boost::asio::io_context loop;
  Admission admission{10};
  std::vector<std::size_t> entered;
};

TEST_F(AdmissionTest, LetsInWhatHasRoom) {
  for (const std::size_t bytes : {4u, 6u}) enter(bytes);

  EXPECT_THAT(entered, ElementsAre(4, 6));
}

TEST_F(AdmissionTest, LetsTheOthersInAsThereIsRoom) {
  for (const std::size_t bytes : {8u, 3u, 4u, 5u}) enter(bytes);
  EXPECT_THAT(entered, ElementsAre(8));

  leave(8);
  EXPECT_THAT(entered, ElementsAre(8, 3, 4));
  leave(3);
  EXPECT_THAT(entered, ElementsAre(8, 3, 4, 5));
}

TEST_F(AdmissionTest, NobodyOvertakesWhoWaits) {
  for (const std::size_t bytes : {8u, 3u, 1u}) enter(bytes);

  EXPECT_THAT(entered, ElementsAre(8)) << "1 would fit, but 3 came first";

  leave(8);
  EXPECT_THAT(entered, ElementsAre(8, 3, 1));
}

TEST_F(AdmissionTest, WhatIsLargerThanTheBoundGoesAlone) {
  for (const std::size_t bytes : {1u, 50u, 2u}) enter(bytes);
  EXPECT_THAT(entered, ElementsAre(1));

  leave(1);
  EXPECT_THAT(entered, ElementsAre(1, 50));
  leave(50);
  EXPECT_THAT(entered, ElementsAre(1, 50, 2));
}

}  // namespace
}  // namespace cubby
