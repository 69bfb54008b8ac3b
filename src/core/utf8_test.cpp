#include "core/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace cubby {
namespace {

using namespace std::string_view_literals;

const std::vector<std::string_view> valid_texts = {
    ""sv,
    "plain"sv,
    "\0"sv,
    "\x7F"sv,
    "\xC2\x80"sv,
    "\xDF\xBF"sv,
    "\xE0\xA0\x80"sv,
    "\xED\x9F\xBF"sv,
    "\xEE\x80\x80"sv,
    "\xEF\xBF\xBF"sv,
    "\xF0\x90\x80\x80"sv,
    "\xF4\x8F\xBF\xBF"sv,
    "long enough for the fast path, \xC3\xA9 and then the fast path again"sv,
};

const std::vector<std::string_view> broken_texts = {
    "\x80"sv,              // stray continuation
    "\xC0\x80"sv,          // overlong
    "\xC1\xBF"sv,          // overlong
    "\xE0\x9F\xBF"sv,      // overlong
    "\xF0\x8F\xBF\xBF"sv,  // overlong
    "\xED\xA0\x80"sv,      // surrogate
    "\xED\xBF\xBF"sv,      // surrogate
    "\xF4\x90\x80\x80"sv,  // above U+10FFFF
    "\xF5\x80\x80\x80"sv,
    "\xFF"sv,
    "\xC3"sv,  // ends early
    "\xE2\x82"sv,
    "\xF0\x9F\x98"sv,
    "\xC3(\xA9"sv,
    "\xE2\x82\xC3\xA9"sv,
};

TEST(Utf8, AcceptsValidTextAtEveryOffset) {
  for (const std::string_view text : valid_texts) {
    for (std::size_t offset = 0; offset < 10; ++offset) {
      EXPECT_TRUE(is_utf8(std::string(offset, 'x').append(text))) << text << " at " << offset;
    }
  }
}

TEST(Utf8, RejectsBrokenTextAtEveryOffset) {
  for (const std::string_view text : broken_texts) {
    for (std::size_t offset = 0; offset < 10; ++offset) {
      const std::string before(offset, 'x');
      EXPECT_FALSE(is_utf8(before + std::string(text))) << offset;
      EXPECT_FALSE(is_utf8(before + std::string(text) + "some more text")) << offset;
      EXPECT_EQ(valid_utf8_prefix(before + std::string(text)), offset);
    }
  }
}

TEST(Utf8, AgreesWithAppendUtf8OnEveryCodePoint) {
  for (char32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    if (code_point >= 0xD800 && code_point <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, code_point);
    ASSERT_TRUE(is_utf8(text)) << static_cast<unsigned>(code_point);
    ASSERT_EQ(count_characters(text), 1u) << static_cast<unsigned>(code_point);
  }
}

TEST(Utf8, StateAgreesWithTheWholeTextCheck) {
  for (const std::string_view text : broken_texts) {
    Utf8State state;
    bool accepted = true;
    for (const char byte : text) accepted = accepted && state.accept(static_cast<unsigned char>(byte));
    EXPECT_FALSE(accepted && state.between_characters());
  }
}

TEST(Utf8, CountsCharactersNotBytes) {
  EXPECT_EQ(count_characters(""), 0u);
  EXPECT_EQ(count_characters("abc"), 3u);
  EXPECT_EQ(count_characters("h\xC3\xA9llo w\xC3\xB6rld, \xE2\x82\xAC and \xF0\x9F\x98\x80"), 20u);
}

// The table of Unicode 15, section 3.9, "U+FFFD substitution of maximal subparts", and others.
TEST(Utf8, MeasuresTheMaximalSubpart) {
  EXPECT_EQ(broken_utf8_prefix("\xC0\xAF"sv), 1u);
  EXPECT_EQ(broken_utf8_prefix("\xE0\x80\xBF"sv), 1u);
  EXPECT_EQ(broken_utf8_prefix("\xED\xA0\x80"sv), 1u);
  EXPECT_EQ(broken_utf8_prefix("\xF4\x91\x92\x93"sv), 1u);
  EXPECT_EQ(broken_utf8_prefix("\xE1\x80\xE2"sv), 2u);
  EXPECT_EQ(broken_utf8_prefix("\xF0\x91\x92\x41"sv), 3u);
  EXPECT_EQ(broken_utf8_prefix("\xF1\xBF"sv), 2u);
  EXPECT_EQ(broken_utf8_prefix("\xFF"sv), 1u);
}

}  // namespace
}  // namespace cubby
