// What `cubby rados init` says about pools.
#ifdef CUBBY_WITH_RADOS
#include "rados/rados_pools.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cubby {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string pools(int type, int size, int min_size) {
  return R"([{"pool_name":"other","type":1,"size":1,"min_size":1},{"pool_name":"cubby","type":)" +
         std::to_string(type) + R"(,"size":)" + std::to_string(size) + R"(,"min_size":)" +
         std::to_string(min_size) + "}]";
}

TEST(RadosPools, ThreeCopiesOfWhichTwoMustTakeAWriteAreSafe) {
  EXPECT_THAT(unsafe_settings(pools(1, 3, 2), "cubby", true), IsEmpty());
}

TEST(RadosPools, FewerCopiesAreUnsafe) {
  EXPECT_THAT(unsafe_settings(pools(1, 2, 2), "cubby", true), ElementsAre(HasSubstr("keeps 2 copies")));
  EXPECT_THAT(unsafe_settings(pools(1, 3, 1), "cubby", true), ElementsAre(HasSubstr("min_size 1")));
}

TEST(RadosPools, TheIndexNeedsAReplicatedPoolAndValuesDoNot) {
  EXPECT_THAT(unsafe_settings(pools(3, 6, 5), "cubby", true), ElementsAre(HasSubstr("not replicated")));
  EXPECT_THAT(unsafe_settings(pools(3, 6, 5), "cubby", false), IsEmpty());
}

TEST(RadosPools, AnAbsentPoolAndAnUnreadableAnswerAreNamed) {
  EXPECT_THAT(unsafe_settings(pools(1, 3, 2), "absent", true), ElementsAre("absent is not there"));
  EXPECT_THAT(unsafe_settings("{", "cubby", true), ElementsAre(HasSubstr("cannot be read")));
}

}  // namespace
}  // namespace cubby
#endif
