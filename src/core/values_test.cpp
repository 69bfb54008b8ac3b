#include "core/values.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

#include "core/limits.hpp"

namespace cubby {
namespace {

using namespace std::string_literals;

// ---- Keys

TEST(Key, IsAnyTextFromOneByteOn) {
  for (const std::string& text : {"k"s, "\0"s, "/"s, "..."s, "./"s, "a b"s, "\n"s, "\x7F"s, "\xC3\xA9"s,
                                  "\xF4\x8F\xBF\xBF"s, "\xEF\xBB\xBF"s}) {
    EXPECT_EQ(Key::parse(text).value().text(), text);
  }
}

TEST(Key, IsNotEmpty) {
  EXPECT_EQ(Key::parse("").error(), fail(Errc::key_empty));
}

TEST(Key, IsNoDotSegment) {
  EXPECT_EQ(Key::parse(".").error(), fail(Errc::key_illegal, "."));
  EXPECT_EQ(Key::parse("..").error(), fail(Errc::key_illegal, ".."));
}

TEST(Key, IsUtf8) {
  for (const char* text : {"\xFF", "\xC3", "a\x80", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_EQ(Key::parse(text).error(), fail(Errc::key_not_decodable)) << testing::PrintToString(text);
  }
}

TEST(Key, AcceptsTheLimitAndRejectsOneByteMore) {
  EXPECT_TRUE(Key::parse(std::string(512, 'k')).has_value());
  EXPECT_EQ(Key::parse(std::string(513, 'k')).error(), fail(Errc::key_too_long, "513"));
}

TEST(Key, CountsBytesAndNotCharacters) {
  std::string text;
  for (int i = 0; i < 256; ++i) text += "\xC3\xA9";
  EXPECT_TRUE(Key::parse(text).has_value());
  EXPECT_EQ(Key::parse(text + "x").error(), fail(Errc::key_too_long, "513"));
}

TEST(Key, IsOrderedByUnsignedBytes) {
  EXPECT_LT(Key::parse("z").value(), Key::parse("\xC3\xA9").value());
  EXPECT_LT(Key::parse("a").value(), Key::parse("a\0"s).value());
  EXPECT_LT(Key::parse("B").value(), Key::parse("a").value());
}

// ---- Ids

TEST(HexId, IsWrittenInLowerCaseAndReadInEither) {
  const auto id = NamespaceId::parse("0123456789abcdefABCDEF0000ff7f80");

  ASSERT_TRUE(id);
  EXPECT_EQ(id->text(), "0123456789abcdefabcdef0000ff7f80");
  EXPECT_EQ(NamespaceId::parse(id->text()), id);
  EXPECT_EQ(id->bytes()[0], 0x01);
  EXPECT_EQ(id->bytes()[15], 0x80);
}

TEST(HexId, IsThirtyTwoDigitsAndNothingElse) {
  const std::string digits(32, 'a');
  EXPECT_TRUE(AccountId::parse(digits));
  EXPECT_FALSE(AccountId::parse(""));
  EXPECT_FALSE(AccountId::parse(digits.substr(1)));
  EXPECT_FALSE(AccountId::parse(digits + "a"));
  for (const char wrong : {'g', 'G', '/', ':', '@', '`', ' ', '-', '\0', '\xE1'}) {
    for (const std::size_t at : {0u, 1u, 31u}) {
      std::string text = digits;
      text[at] = wrong;
      EXPECT_FALSE(AccountId::parse(text)) << text;
    }
  }
}

TEST(HexId, RandomOnesDifferAndAreUuidsOfVersionFour) {
  std::unordered_set<NamespaceId> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto id = NamespaceId::random();
    EXPECT_TRUE(seen.insert(id).second);
    EXPECT_EQ(id.bytes()[6] >> 4, 4);
    EXPECT_EQ(id.bytes()[8] >> 6, 2);
  }
}

// ---- Titles

TEST(Title, IsAnyTextFromOneCharacterOn) {
  for (const std::string& text : {"t"s, " "s, "\0"s, "\xF0\x9F\x98\x80"s}) {
    EXPECT_EQ(Title::parse(text).value().text(), text);
  }
}

TEST(Title, IsNotEmptyAndUtf8) {
  EXPECT_EQ(Title::parse("").error(), fail(Errc::title_missing));
  EXPECT_EQ(Title::parse("\xFF").error().code, Errc::body_not_json);
}

TEST(Title, AcceptsTheLimitAndRejectsOneCharacterMore) {
  EXPECT_TRUE(Title::parse(std::string(512, 't')).has_value());
  EXPECT_EQ(Title::parse(std::string(513, 't')).error(), fail(Errc::title_too_long, "513"));
}

TEST(Title, CountsCharactersAndNotBytes) {
  std::string text;
  for (int i = 0; i < 512; ++i) text += "\xF0\x9F\x98\x80";
  EXPECT_TRUE(Title::parse(text).has_value());
  EXPECT_EQ(Title::parse(text + "x").error(), fail(Errc::title_too_long, "513"));
}

}  // namespace
}  // namespace cubby
