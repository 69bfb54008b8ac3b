#include "wire/percent.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace cubby {
namespace {

using namespace std::string_view_literals;

TEST(PathSegment, DecodesEachEscapeOnce) {
  EXPECT_EQ(decode_path_segment(""), "");
  EXPECT_EQ(decode_path_segment("plain-._~!$&'()*,;=:@"), "plain-._~!$&'()*,;=:@");
  EXPECT_EQ(decode_path_segment("%2525"), "%25");
  EXPECT_EQ(decode_path_segment("%00%1f%ff"), "\x00\x1F\xFF"sv);
  EXPECT_EQ(decode_path_segment("a/b+c"), "a/b+c");
}

// The key `a/b c:%25?#+é` as the clients of the contract's Appendix A write it.
TEST(PathSegment, DecodesWhatTheClientsWrite) {
  const std::string_view key = "a/b c:%25?#+\xC3\xA9";
  EXPECT_EQ(decode_path_segment("a%2Fb%20c%3A%2525%3F%23%2B%C3%A9"), key);
  EXPECT_EQ(decode_path_segment("a%2Fb%20c:%2525%3F%23+%C3%A9"), key);
}

TEST(PathSegment, RejectsABadEscape) {
  for (const auto text : {"%", "a%", "%4", "%4g", "%g4", "%%41", "% 41", "%-1"}) {
    EXPECT_EQ(decode_path_segment(text), std::nullopt) << text;
    EXPECT_EQ(decode_query_component(text), std::nullopt) << text;
  }
}

TEST(QueryComponent, ReadsAPlusAsASpace) {
  EXPECT_EQ(decode_query_component("a+b%20c%2Bd"), "a b c+d");
}

TEST(Query, FindsTheFirstOfAName) {
  const Query query("a=1&b=2&a=3");
  EXPECT_EQ(query.get("a"), "1");
  EXPECT_EQ(query.get("b"), "2");
  EXPECT_EQ(query.get("c"), std::nullopt);
  EXPECT_EQ(query.malformed(), std::nullopt);
}

TEST(Percent, WhatIsEscapedReadsBackAsItWas) {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every.push_back(static_cast<char>(byte));
  std::string escaped;
  append_escaped(escaped, every);
  EXPECT_EQ(decode_path_segment(escaped), every);
  EXPECT_EQ(decode_query_component(escaped), every);
  EXPECT_EQ(escaped.find_first_of("/?#+& "), std::string::npos);
}

TEST(Query, DecodesNamesAndValues) {
  EXPECT_EQ(Query("pre%66ix=a+b%2F&x").get("prefix"), "a b/");
}

TEST(Query, GivesAnEmptyValueToANameAlone) {
  const Query query("a&b=&=c&&d==e");
  EXPECT_EQ(query.get("a"), "");
  EXPECT_EQ(query.get("b"), "");
  EXPECT_EQ(query.get(""), "c");
  EXPECT_EQ(query.get("d"), "=e");
}

TEST(Query, IsEmptyForNoText) {
  EXPECT_EQ(Query("").get(""), std::nullopt);
  EXPECT_EQ(Query().get("a"), std::nullopt);
}

TEST(Query, TellsOfABadEscapeAndKeepsTheRest) {
  const Query query("a=1&b=%zz&%=2&c=3");
  EXPECT_EQ(query.malformed(), "b=%zz");
  EXPECT_EQ(query.get("a"), "1");
  EXPECT_EQ(query.get("b"), std::nullopt);
  EXPECT_EQ(query.get("c"), "3");
}

}  // namespace
}  // namespace cubby
