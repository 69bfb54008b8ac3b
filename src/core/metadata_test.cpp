#include "core/metadata.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/limits.hpp"

namespace cubby {
namespace {

// A JSON string of so many bytes, quotes included.
std::string json_of(std::size_t bytes) {
  return '"' + std::string(bytes - 2, 'm') + '"';
}

TEST(Metadata, KeepsTheTextWithoutWhiteSpace) {
  const auto metadata = Metadata::parse(" { \"b\" : \"\\u00e9 x\" , \"a\" : [ 1.0e5 ] }\n");
  ASSERT_TRUE(metadata.has_value());
  ASSERT_TRUE(metadata.value().has_value());
  EXPECT_EQ(metadata.value()->text(), "{\"b\":\"\\u00e9 x\",\"a\":[1.0e5]}");
}

TEST(Metadata, TakesAnyJsonValue) {
  for (const char* text : {"1", "\"s\"", "true", "[]", "{}", "\"null\"", "[null]"}) {
    EXPECT_EQ(Metadata::parse(text).value()->text(), text);
  }
}

TEST(Metadata, NullIsNone) {
  EXPECT_EQ(Metadata::parse(" null ").value(), std::nullopt);
  EXPECT_EQ(Metadata::from_compact("null").value(), std::nullopt);
}

TEST(Metadata, RejectsWhatIsNotJson) {
  for (const char* text : {"", "{", "{'a':1}", "nul", "1 2", "\xFF"}) {
    EXPECT_EQ(Metadata::parse(text).error(), fail(Errc::metadata_malformed)) << text;
  }
}

TEST(Metadata, AcceptsTheLimitAndRejectsOneByteMore) {
  const std::string largest = json_of(limits::metadata_bytes_max);
  EXPECT_EQ(Metadata::parse(largest).value()->text(), largest);
  EXPECT_EQ(Metadata::parse(json_of(limits::metadata_bytes_max + 1)).error(),
            fail(Errc::metadata_too_large, "1025"));
  EXPECT_EQ(Metadata::from_compact(largest).value()->text(), largest);
  EXPECT_EQ(Metadata::from_compact(json_of(1025)).error(), fail(Errc::metadata_too_large, "1025"));
}

TEST(Metadata, CountsNoWhiteSpaceHoweverMuchThereIs) {
  const std::string value = json_of(limits::metadata_bytes_max);
  EXPECT_EQ(Metadata::parse(std::string(200'000, ' ') + value).value()->text(), value);
}

TEST(Metadata, ArrivesInPiecesCutAnywhere) {
  const std::string text = R"( { "a\u00e9" : [ 1.5e3 , "é" ] } )";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    MetadataParser parser;
    parser.feed(std::string_view(text).substr(0, cut));
    parser.feed(std::string_view(text).substr(cut));
    EXPECT_EQ(parser.finish().value()->text(), R"({"a\u00e9":[1.5e3,"é"]})") << cut;
  }
}

TEST(Metadata, StaysMalformedWhateverFollows) {
  MetadataParser parser;
  parser.feed("}");
  parser.feed("{}");
  EXPECT_EQ(parser.finish().error(), fail(Errc::metadata_malformed));
}

TEST(Metadata, IsMalformedRatherThanTooLarge) {
  EXPECT_EQ(Metadata::parse(json_of(2000) + "x").error(), fail(Errc::metadata_malformed));
}

TEST(Metadata, ComesOutOfALargerDocument) {
  const std::string document = "[ { \"a\" : 1 }, null, \"" + std::string(2000, 'x') + "\"]";
  json::Scanner scanner;
  scanner.feed(document);
  json::Compactor compactor(limits::metadata_bytes_max);
  ASSERT_EQ(scanner.next(), json::Token::begin_array);
  const auto next_value = [&] {
    while (!compactor.add(scanner, scanner.next())) continue;
    return Metadata::from_compactor(compactor);
  };
  EXPECT_EQ(next_value().value()->text(), "{\"a\":1}");
  EXPECT_EQ(next_value().value(), std::nullopt);
  EXPECT_EQ(next_value().error(), fail(Errc::metadata_too_large, "2002"));
}

TEST(Metadata, ComparesByText) {
  EXPECT_EQ(*Metadata::parse("{ }").value(), *Metadata::parse("{}").value());
  EXPECT_NE(*Metadata::parse("{}").value(), *Metadata::parse("[]").value());
}

}  // namespace
}  // namespace cubby
