#include "core/json_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/utf8.hpp"

namespace cubby::json {
namespace {

using namespace std::string_view_literals;

TEST(JsonString, EscapesOnlyWhatItMust) {
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("a \"quoted\" \\ / text"), R"("a \"quoted\" \\ / text")");
  EXPECT_EQ(quoted("\n\r\t\b\f"), R"("\n\r\t\b\f")");
  EXPECT_EQ(quoted("\0\x1F\x7F"sv), "\"\\u0000\\u001f\x7F\"");
  EXPECT_EQ(quoted("\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80"), "\"\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80\"");
}

TEST(JsonString, ReplacesEachMaximalSubpartOfBrokenUtf8) {
  const std::string replaced(replacement_character);
  EXPECT_EQ(quoted("a\xFFz"), "\"a" + replaced + "z\"");
  EXPECT_EQ(quoted("\xE2\x82"), "\"" + replaced + "\"");
  EXPECT_EQ(quoted("\xE2\x82\""), "\"" + replaced + "\\\"\"");
  EXPECT_EQ(quoted("\xF0\x9F\x98\xF0\x9F\x98\x80"), "\"" + replaced + "\xF0\x9F\x98\x80\"");
  EXPECT_EQ(quoted("\xED\xA0\x80"), "\"" + replaced + replaced + replaced + "\"");
}

}  // namespace
}  // namespace cubby::json
