#include "wire/form_metadata.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/limits.hpp"

namespace cubby {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Result<std::string> rebuild(const Fields& fields) {
  FormMetadata metadata;
  for (const auto& [name, value] : fields) {
    EXPECT_TRUE(FormMetadata::is_flattened_name(name)) << name;
    const auto added = metadata.add(name, value);
    if (!added) return added.error();
  }
  return metadata.to_json();
}

TEST(FormMetadata, KnowsFlattenedNames) {
  for (const char* name : {"metadata[a]", "metadata[]", "metadata.a", "metadata.", "metadata["}) {
    EXPECT_TRUE(FormMetadata::is_flattened_name(name)) << name;
  }
  for (const char* name : {"", "metadata", "value", "metadata2", "meta.a", "xmetadata[a]", "Metadata[a]"}) {
    EXPECT_FALSE(FormMetadata::is_flattened_name(name)) << name;
  }
}

TEST(FormMetadata, RebuildsWhatTheTypeScriptSdkSends) {
  EXPECT_EQ(rebuild({{"metadata[a]", "1"}, {"metadata[b][c][]", "1"}, {"metadata[b][c][]", "2"}}).value(),
            R"({"a":"1","b":{"c":["1","2"]}})");
}

TEST(FormMetadata, RebuildsDottedNames) {
  EXPECT_EQ(rebuild({{"metadata.a", "1"}, {"metadata.b.c", "x"}, {"metadata.b.d", "y"}}).value(),
            R"({"a":"1","b":{"c":"x","d":"y"}})");
  EXPECT_EQ(rebuild({{"metadata.", "1"}, {"metadata.a.", "2"}}).value(), R"({"":"1","a":{"":"2"}})");
}

TEST(FormMetadata, RebuildsTheListsOfThePythonSdk) {
  EXPECT_EQ(rebuild({{"metadata.a.b[]", "1"}, {"metadata.a.b[]", "2"}, {"metadata.c[]", "3"}}).value(),
            R"({"a":{"b":["1","2"]},"c":["3"]})");
  // Which element of a list of dictionaries it is, nothing tells.
  EXPECT_EQ(rebuild({{"metadata.a[].b", "1"}}).error(), fail(Errc::metadata_malformed));
}

TEST(FormMetadata, MakesAnArrayOfARepeatedDottedName) {
  EXPECT_EQ(rebuild({{"metadata.a.b", "1"}, {"metadata.a.b", "2"}, {"metadata.a.b", "3"}}).value(),
            R"({"a":{"b":["1","2","3"]}})");
}

TEST(FormMetadata, KeepsTheOrderOfTheMembers) {
  EXPECT_EQ(rebuild({{"metadata[z][b]", "1"}, {"metadata[a]", "2"}, {"metadata[z][a]", "3"}}).value(),
            R"({"z":{"b":"1","a":"3"},"a":"2"})");
}

TEST(FormMetadata, MayBeAnArrayItself) {
  EXPECT_EQ(rebuild({{"metadata[]", "1"}, {"metadata[]", "2"}}).value(), R"(["1","2"])");
}

TEST(FormMetadata, EscapesNamesAndValues) {
  EXPECT_EQ(rebuild({{"metadata[a.\"b\"]", "line\n\xC3\xA9"}}).value(),
            "{\"a.\\\"b\\\"\":\"line\\n\xC3\xA9\"}");
}

TEST(FormMetadata, IsNullWhenEmpty) {
  FormMetadata metadata;
  EXPECT_TRUE(metadata.empty());
  EXPECT_EQ(metadata.to_json().value(), "null");
  ASSERT_TRUE(metadata.add("metadata[a]", "").has_value());
  EXPECT_FALSE(metadata.empty());
}

TEST(FormMetadata, RejectsShapesThatContradictEachOther) {
  const std::vector<Fields> conflicts = {
      {{"metadata[a]", "1"}, {"metadata[a][b]", "2"}}, {{"metadata[a][b]", "1"}, {"metadata[a]", "2"}},
      {{"metadata[a]", "1"}, {"metadata[a]", "2"}},    {{"metadata[a]", "1"}, {"metadata[a][]", "2"}},
      {{"metadata[a][]", "1"}, {"metadata[a]", "2"}},  {{"metadata[a][]", "1"}, {"metadata[a][b]", "2"}},
      {{"metadata[]", "1"}, {"metadata[a]", "2"}},     {{"metadata.a", "1"}, {"metadata.a.b", "2"}},
      {{"metadata.a.b", "1"}, {"metadata.a", "2"}},
  };
  for (const Fields& fields : conflicts) {
    EXPECT_EQ(rebuild(fields).error(), fail(Errc::metadata_malformed))
        << fields[0].first << ' ' << fields[1].first;
  }
}

TEST(FormMetadata, RejectsNamesOfNoKnownShape) {
  for (const char* name : {"metadata[", "metadata[a", "metadata[a]b", "metadata[a].b", "metadata[a][][b]",
                           "metadata[][]", "metadata[a]]", "metadata[\xFF]"}) {
    EXPECT_EQ(rebuild({{name, "1"}}).error(), fail(Errc::metadata_malformed)) << name;
  }
  EXPECT_EQ(rebuild({{"metadata[a]", "\xFF"}}).error(), fail(Errc::metadata_malformed));
}

TEST(FormMetadata, AcceptsTheLimitAndRejectsOneByteMore) {
  const std::string name = "metadata[a]";
  const std::string largest(limits::metadata_parts_bytes_max - name.size(), 'x');
  EXPECT_TRUE(rebuild({{name, largest}}).has_value());
  EXPECT_EQ(rebuild({{name, largest + 'x'}}).error(), fail(Errc::metadata_too_large, "65537"));
}

TEST(FormMetadata, AcceptsTheDeepestNestingAndRejectsOneLevelMore) {
  std::string name = "metadata";
  for (std::size_t level = 0; level < FormMetadata::nesting_max; ++level) name += "[a]";
  EXPECT_TRUE(rebuild({{name, "1"}}).has_value());
  EXPECT_EQ(rebuild({{name + "[a]", "1"}}).error(), fail(Errc::metadata_malformed));
}

}  // namespace
}  // namespace cubby
