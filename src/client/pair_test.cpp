#include "client/pair.hpp"

#include <gtest/gtest.h>

namespace cubby::client {
namespace {

constexpr Instant now{std::chrono::seconds(1'000'000)};

std::string text_of(const Pair& pair) {
  std::string text;
  append_pair(text, pair);
  return text;
}

Outcome<Pair> read(const std::string& text) {
  JsonReader reader(text);
  return read_pair(reader, now);
}

TEST(Pair, IsReadBackAsItWasWritten) {
  for (const Pair& pair :
       {Pair{"k", ""}, Pair{"a\"\n\x01é", "text \xEF\xBF\xBD \"\\"}, Pair{"b", std::string("\xFF\0\x80", 3)},
        Pair{"c", "v", R"({"a":[1e400,"\ud800"]})", 1'999'999'999}}) {
    const auto back = read(text_of(pair));
    ASSERT_TRUE(back) << text_of(pair);
    EXPECT_EQ(*back, pair);
  }
  EXPECT_EQ(text_of({"k", "v", "[1]", 7}), R"({"key":"k","value":"v","expiration":7,"metadata":[1]})");
  EXPECT_EQ(text_of({"k", "\xFF"}), R"({"key":"k","value":"/w==","base64":true})");
}

TEST(Pair, MembersComeInAnyOrderAndATtlCountsFromNow) {
  const auto pair =
      read(R"({"base64":true,"expiration_ttl":100,"x":[{}],"value":"dg==","metadata":null,"key":"k"})");
  ASSERT_TRUE(pair);
  EXPECT_EQ(*pair, (Pair{"k", "v", std::nullopt, 1'000'100}));
}

TEST(Pair, IsRefusedWithTheReason) {
  for (const auto& [text, reason] : {std::pair{R"({"value":"v"})", "key is missing"},
                                     {R"({"key":"k"})", "value is missing"},
                                     {R"({"key":"..","value":"v"})", "Illegal key name"},
                                     {R"({"key":"k","value":"*","base64":true})", "not base64"},
                                     {R"({"key":"k","value":7})", "expected a string"},
                                     {R"(["k"])", "expected an object"},
                                     {R"({"key":"k","value":"v","expiration":"7"})", "expected a number"}}) {
    const auto pair = read(text);
    ASSERT_FALSE(pair) << text;
    EXPECT_NE(pair.error().message.find(reason), std::string::npos) << pair.error().message;
  }
  EXPECT_FALSE(read(R"({"key":"k","value":"v","metadata":")" + std::string(1100, 'x') + "\"}"));
}

TEST(Pair, IsDueBeforeTheApiWouldRefuseIt) {
  EXPECT_FALSE(is_due({"k", "v"}, now));
  EXPECT_FALSE(is_due({"k", "v", std::nullopt, 1'000'065}, now));
  EXPECT_TRUE(is_due({"k", "v", std::nullopt, 1'000'064}, now));
  EXPECT_TRUE(is_due({"k", "v", std::nullopt, 1}, now));
}

}  // namespace
}  // namespace cubby::client
