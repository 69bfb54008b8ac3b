// What every engine promises (store/engine.hpp), over every engine: scans.
#include <gtest/gtest.h>

#include "tests/support/engine_fixture.hpp"

namespace cubby {
namespace {

using namespace std::string_literals;
using Keys = std::vector<std::string>;

// Follows `resume_after` to the end, in slices of so many entries.
std::vector<ScanSlice> all_slices(const Store& store, std::uint32_t entries_max, Instant now = t0) {
  std::vector<ScanSlice> slices;
  std::string after;
  for (;;) {
    slices.push_back(store.scan("", after, entries_max, now));
    if (!slices.back().resume_after) return slices;
    EXPECT_GT(*slices.back().resume_after, after) << "a scan must advance";
    after = *slices.back().resume_after;
  }
}

Keys all_keys(const std::vector<ScanSlice>& slices) {
  Keys keys;
  for (const ScanSlice& slice : slices) {
    for (const std::string& each : keys_of(slice)) keys.push_back(each);
  }
  return keys;
}

TEST_P(EngineConformance, ScanOfAnEmptyNamespaceIsEmptyAndEnds) {
  const ScanSlice slice = store.scan();

  EXPECT_TRUE(slice.entries.empty());
  EXPECT_FALSE(slice.resume_after);
}

TEST_P(EngineConformance, ScanOfAnUnknownNamespaceIsEmpty) {
  store.put("key", "value");

  const ScanSlice slice = Store(*engine, NamespaceId::random()).scan();

  EXPECT_TRUE(slice.entries.empty());
  EXPECT_FALSE(slice.resume_after);
}

TEST_P(EngineConformance, ScanAnswersTheHeadsOfTheValues) {
  const Version small = store.put("a", "x", {.metadata = metadata(R"({"k":[1]})"), .expiration = t0 + 60s});
  const Version large = store.put("b", some_bytes(limits::value_piece_bytes + 1));

  const ScanSlice slice = store.scan();

  ASSERT_EQ(slice.entries.size(), 2u);
  EXPECT_EQ(slice.entries[0].head, (Head{small, t0 + 60s, metadata(R"({"k":[1]})"), 1}));
  EXPECT_EQ(slice.entries[1].head, (Head{large, {}, {}, limits::value_piece_bytes + 1}));
}

TEST_P(EngineConformance, ScanOrdersKeysByTheirBytes) {
  const Keys in_order = {"\0"s,
                         "\0\0"s,
                         "\x01",
                         "A",
                         "a",
                         "a\0"s,
                         "a\0b"s,
                         "a/",
                         "aa",
                         "b",
                         "\x7F",
                         "\xC2\x80",
                         "\xC3\xA9",
                         "\xEF\xBF\xBF",
                         "\xF0\x90\x80\x80",
                         "\xF4\x8F\xBF\xBF",
                         "\xF4\x8F\xBF\xBF"
                         "a",
                         "\xF4\x8F\xBF\xBF\xF4\x8F\xBF\xBF"};
  for (auto each = in_order.rbegin(); each != in_order.rend(); ++each) store.put(*each, *each);

  EXPECT_EQ(keys_of(store.scan()), in_order);
  EXPECT_EQ(all_keys(all_slices(store, 1)), in_order);
  for (const std::string& each : in_order) EXPECT_EQ(store.get(each)->bytes, each);
}

TEST_P(EngineConformance, ScanAnswersTheLongestKeys) {
  const std::string longest(limits::key_bytes_max, 'k');
  const std::string last = longest.substr(1) + "l";
  store.put(longest, "1");
  store.put(last, "2");

  EXPECT_EQ(all_keys(all_slices(store, 1)), (Keys{longest, last}));
  EXPECT_EQ(keys_of(store.scan(longest)), Keys{longest});
}

TEST_P(EngineConformance, ScanAnswersOnlyKeysWithThePrefix) {
  for (const char* each : {"a", "ab", "abc", "abd", "ac", "b", "\xC3\xA9", "\xC3\xA9t"}) store.put(each, "x");

  EXPECT_EQ(keys_of(store.scan("ab")), (Keys{"ab", "abc", "abd"}));
  EXPECT_EQ(keys_of(store.scan("abc")), Keys{"abc"});
  EXPECT_EQ(keys_of(store.scan("abcd")), Keys{});
  EXPECT_EQ(keys_of(store.scan("aa")), Keys{});
  EXPECT_EQ(keys_of(store.scan("z")), (Keys{}));
  EXPECT_EQ(keys_of(store.scan("\xC3\xA9")), (Keys{"\xC3\xA9", "\xC3\xA9t"}));
}

TEST_P(EngineConformance, APrefixNeedNotBeText) {
  for (const char* each : {"a", "\xC3\xA8", "\xC3\xA9", "\xF4\x8F\xBF\xBF"}) store.put(each, "x");

  EXPECT_EQ(keys_of(store.scan("\xC3")), (Keys{"\xC3\xA8", "\xC3\xA9"}));
  EXPECT_EQ(keys_of(store.scan("\xFF")), Keys{});
  EXPECT_EQ(keys_of(store.scan("\xFF\xFF")), Keys{});
  EXPECT_EQ(keys_of(store.scan("a\xFF")), Keys{});
}

TEST_P(EngineConformance, APrefixOfNulBytesIsAPrefixLikeAnyOther) {
  store.put("\0a"s, "x");
  store.put("a", "x");

  EXPECT_EQ(keys_of(store.scan("\0"s)), Keys{"\0a"s});
}

TEST_P(EngineConformance, AfterIsExclusiveAndNeedNotBeAKey) {
  for (const char* each : {"a", "b", "c"}) store.put(each, "x");

  EXPECT_EQ(keys_of(store.scan("", "a")), (Keys{"b", "c"}));
  EXPECT_EQ(keys_of(store.scan("", "aa")), (Keys{"b", "c"}));
  EXPECT_EQ(keys_of(store.scan("", "\xFF\x00\xFF"s)), Keys{});
  EXPECT_EQ(keys_of(store.scan("", "b\xFF")), Keys{"c"});
  EXPECT_EQ(keys_of(store.scan("", "c")), Keys{});
  EXPECT_EQ(keys_of(store.scan("", std::string(2000, 'a'))), (Keys{"b", "c"}));
}

TEST_P(EngineConformance, AfterIsExclusiveOfThatKeyOnly) {
  for (const std::string& each : {"a"s, "a\0"s, "a\0\0"s}) store.put(each, "x");

  EXPECT_EQ(keys_of(store.scan("", "a")), (Keys{"a\0"s, "a\0\0"s}));
  EXPECT_EQ(keys_of(store.scan("", "a\0"s)), Keys{"a\0\0"s});
}

TEST_P(EngineConformance, AfterNarrowsAPrefixOnlyWithinItsRange) {
  for (const char* each : {"a", "p", "p1", "p2", "p3", "q"}) store.put(each, "x");

  EXPECT_EQ(keys_of(store.scan("p", "a")), (Keys{"p", "p1", "p2", "p3"})) << "before the prefix";
  EXPECT_EQ(keys_of(store.scan("p", "p")), (Keys{"p1", "p2", "p3"})) << "the prefix itself";
  EXPECT_EQ(keys_of(store.scan("p", "p15")), (Keys{"p2", "p3"})) << "within";
  EXPECT_EQ(keys_of(store.scan("p", "p3")), Keys{}) << "its last key";
  for (const char* beyond : {"pp", "q", "z", "\xFF"}) {
    const ScanSlice slice = store.scan("p", beyond);
    EXPECT_TRUE(slice.entries.empty()) << beyond;
    EXPECT_FALSE(slice.resume_after) << beyond;
  }
}

TEST_P(EngineConformance, AScanThatEndsExactlyAtTheLimitDoesNotResume) {
  for (const char* each : {"a", "b", "c", "d"}) store.put(each, "x");

  EXPECT_EQ(store.scan("", "", 3).resume_after, "c");
  EXPECT_EQ(store.scan("", "", 4).resume_after, std::nullopt);
  EXPECT_EQ(store.scan("", "", 5).resume_after, std::nullopt);
  EXPECT_EQ(store.scan("", "b", 2).resume_after, std::nullopt);
  EXPECT_EQ(store.scan("a", "", 1).resume_after, std::nullopt) << "no key follows within the prefix";
}

TEST_P(EngineConformance, ResumingMeetsEveryKeyOnce) {
  Keys keys;
  for (int i = 100; i < 150; ++i) keys.push_back("key" + std::to_string(i));
  for (const std::string& each : keys) store.put(each, "x");

  for (const std::uint32_t entries_max : {1u, 7u, 49u, 50u, 51u}) {
    EXPECT_EQ(all_keys(all_slices(store, entries_max)), keys) << entries_max;
  }
}

TEST_P(EngineConformance, ResumingSeesWhatWasWrittenMeanwhile) {
  for (const char* each : {"a", "c", "e"}) store.put(each, "x");
  const ScanSlice first = store.scan("", "", 2);

  store.put("b", "x");
  store.put("d", "x");
  store.remove("c");

  EXPECT_EQ(keys_of(store.scan("", *first.resume_after)), (Keys{"d", "e"}));
}

TEST_P(EngineConformance, ScanDoesNotSeeOtherNamespaces) {
  const Store other = new_store(*engine, "another");
  store.put("mine", "x");
  other.put("theirs", "x");

  EXPECT_EQ(keys_of(store.scan()), Keys{"mine"});
  EXPECT_EQ(keys_of(other.scan()), Keys{"theirs"});
}

TEST_P(EngineConformance, TheNamespaceWithTheLastIdIsLikeAnyOther) {
  NamespaceId::Bytes bytes;
  bytes.fill(0xFF);
  Namespace last = some_namespace("the last");
  last.id = NamespaceId(bytes);
  run(engine->create_namespace(last)).value();
  const Store last_store(*engine, last.id);
  last_store.put("a", some_bytes(limits::value_piece_bytes + 1));
  last_store.put("\xF4\x8F\xBF\xBF", "x");

  EXPECT_EQ(keys_of(last_store.scan()), (Keys{"a", "\xF4\x8F\xBF\xBF"}));
  EXPECT_EQ(keys_of(last_store.scan("a")), Keys{"a"});
  run(engine->remove_namespace(last.id)).value();
  EXPECT_EQ(keys_of(last_store.scan()), Keys{});
  EXPECT_FALSE(last_store.get("a"));
}

TEST_P(EngineConformance, ScanHidesAValueFromItsExpirySecondOn) {
  store.put("a", "x", {.expiration = t0 + 60s});
  store.put("b", "x", {.expiration = t0 + 61s});
  store.put("c", "x");

  EXPECT_EQ(keys_of(store.scan("", "", 10, t0 + 59s)), (Keys{"a", "b", "c"}));
  EXPECT_EQ(keys_of(store.scan("", "", 10, t0 + 60s)), (Keys{"b", "c"}));
  EXPECT_EQ(keys_of(store.scan("", "", 10, t0 + 61s)), Keys{"c"});
}

TEST_P(EngineConformance, ExpiredKeysDoNotCountAsEntries) {
  for (const char* each : {"a", "c", "e"}) store.put(each, "x", {.expiration = t0});
  for (const char* each : {"b", "d"}) store.put(each, "x");

  EXPECT_EQ(keys_of(store.scan("", "", 2)), (Keys{"b", "d"}));
  EXPECT_EQ(all_keys(all_slices(store, 1)), (Keys{"b", "d"}));
}

// A run of expired keys longer than one slice looks at.
TEST_P(EngineConformance, ALongRunOfExpiredKeysIsWorkedOffInTurns) {
  constexpr std::uint32_t expired = 2 * limits::list_rows_per_slice + 5;
  std::vector<Mutation> mutations;
  for (std::uint32_t i = 0; i < expired; ++i) {
    mutations.emplace_back(store.new_put("k" + std::to_string(100'000 + i), "x", {.expiration = t0}));
  }
  store.apply(std::move(mutations)).value();
  store.put("z", "x");

  const auto slices = all_slices(store, 1000);

  ASSERT_EQ(slices.size(), 3u);
  EXPECT_TRUE(slices[0].entries.empty());
  EXPECT_TRUE(slices[1].entries.empty());
  EXPECT_EQ(keys_of(slices[2]), Keys{"z"});
  EXPECT_EQ(all_keys(all_slices(store, 1000, t0 - 1s)).size(), expired + 1);
}

}  // namespace
}  // namespace cubby
