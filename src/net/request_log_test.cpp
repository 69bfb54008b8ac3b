#include "net/request_log.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cubby {
namespace {

TEST(RequestId, OfAClientIsTakenOnlyIfItCanDoNoHarm) {
  EXPECT_TRUE(is_request_id("a"));
  EXPECT_TRUE(is_request_id("3f2a.B-c_9"));
  EXPECT_TRUE(is_request_id(std::string(64, 'x')));
  EXPECT_FALSE(is_request_id(""));
  EXPECT_FALSE(is_request_id(std::string(65, 'x')));
  EXPECT_FALSE(is_request_id("a b"));
  EXPECT_FALSE(is_request_id("a\"b"));
  EXPECT_FALSE(is_request_id("a\x1b[31m"));
  EXPECT_FALSE(is_request_id("\xC3\xA4"));
}

TEST(TraceParent, IsReadAsW3cSays) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_EQ(trace_id_in("00-" + trace + "-00f067aa0ba902b7-01"), trace);
  EXPECT_EQ(trace_id_in("01-" + trace + "-00f067aa0ba902b7-01-more"), trace);
  for (const std::string& bad :
       {std::string(), "00-" + trace, "ff-" + trace + "-00f067aa0ba902b7-01",
        "00-" + trace + "-00f067aa0ba902b7-01-more", "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
        "00-" + std::string(32, 'G') + "-00f067aa0ba902b7-01"}) {
    EXPECT_EQ(trace_id_in(bad), "") << bad;
  }
}

}  // namespace
}  // namespace cubby
