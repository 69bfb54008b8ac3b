#include "client/json_reader.hpp"

#include <gtest/gtest.h>

#include "client/json_elements.hpp"

namespace cubby::client {
namespace {

TEST(JsonReader, TakesMembersInAnyOrderAndKeepsWhatIsRaw) {
  JsonReader reader(
      R"( {"skip" : [1, {"a" : "]"}], "t":"a\u00e9\n", "n":12.9, "b":true, "none":null, "m": { "x" : 1e400 } } )");
  std::string name;
  std::string seen;
  ASSERT_TRUE(reader.enter_object());
  while (reader.next_member(name)) {
    if (name == "t")
      seen += *reader.string();
    else if (name == "n")
      seen += std::to_string(*reader.integer());
    else if (name == "b")
      seen += reader.boolean() ? "yes" : "no";
    else if (name == "none")
      seen += reader.string() ? "text" : "nothing";
    else if (name == "m")
      seen += reader.raw();
    else
      reader.skip();
  }
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(seen, "aé\n12yesnothing{\"x\":1e400}");
}

TEST(JsonReader, IsDoneAtTheFirstThingThatIsNotAsAskedFor) {
  for (const char* const text :
       {"", "[", "[{", R"([{"a"})", R"([{"a":1])", R"([{"a":)", "[7]", R"(["a"])", "{}"}) {
    JsonReader reader(text);
    std::string name;
    int turns = 0;
    reader.enter_array();
    while (reader.next_item() && ++turns < 100) {
      reader.enter_object();
      while (reader.next_member(name) && ++turns < 100) reader.skip();
    }
    EXPECT_FALSE(reader.at_end()) << text;
    EXPECT_FALSE(reader.error().empty()) << text;
    EXPECT_LT(turns, 100) << text;
  }
}

TEST(JsonElements, GivesItemsAndRefusesWhatIsNoArray) {
  TextUpload good(R"([ {"a" : 1} , "b", [2] ])");
  JsonElements elements(good);
  EXPECT_EQ(**elements.next(), R"({"a":1})");
  EXPECT_EQ(**elements.next(), R"("b")");
  EXPECT_EQ(**elements.next(), "[2]");
  EXPECT_EQ(*elements.next(), std::nullopt);
  for (const char* const text : {"", "{}", "[1", "[1,]", "[] []", "[1}"}) {
    TextUpload bad(text);
    JsonElements broken(bad);
    auto element = broken.next();
    while (element && *element) element = broken.next();
    EXPECT_FALSE(element) << text;
  }
}

TEST(JsonElements, KeyNamesAreStringsOrObjectsWithAName) {
  TextUpload good(R"(["a", {"name":"b","metadata":{"name":"x"}}])");
  EXPECT_EQ(*read_key_names(good), (std::vector<std::string>{"a", "b"}));
  for (const char* const text : {R"([1])", R"([{}])", R"([".."])", R"([null])", R"([""])"}) {
    TextUpload bad(text);
    EXPECT_FALSE(read_key_names(bad)) << text;
  }
}

}  // namespace
}  // namespace cubby::client
