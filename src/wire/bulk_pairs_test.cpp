#include "wire/bulk_pairs.hpp"

#include <gtest/gtest.h>

#include "core/limits.hpp"
#include "tests/support/piecewise_source.hpp"
#include "tests/support/run_task.hpp"

namespace cubby {
namespace {

Task<Result<std::vector<BulkPair>>> take_all(BulkPairs& pairs) {
  std::vector<BulkPair> all;
  while (true) {
    auto pair = co_await pairs.next();
    if (!pair) co_return pair.error();
    if (!*pair) co_return all;
    all.push_back(std::move(**pair));
  }
}

Result<std::vector<BulkPair>> read(ByteSource& body) {
  const auto pairs = make_bulk_pairs(body);
  return run(take_all(*pairs));
}

Result<std::vector<BulkPair>> read(std::string body, std::size_t piece_bytes = 1 << 20) {
  PiecewiseSource source(std::move(body), piece_bytes);
  return read(source);
}

// What stands in a pair, in one line.
std::string shown(const BulkPair& pair) {
  return pair.key.text() + "=" + pair.value + " metadata " +
         (pair.metadata ? pair.metadata->text() : "none") + " expiration " +
         pair.expiration.expiration.value_or("none") + " ttl " +
         pair.expiration.expiration_ttl.value_or("none");
}

// Everything that a pair may be made of.
const std::string document = R"( [ {"key":"aé\u00e9\ud83d\udc3b","value":"x\n\"y\"","expiration":1.5e9} ,
  {"metadata":{"m":[1e400,"\ud800",{}]},"unknown":{"key":[1,{"value":2}]},"value":"aGV sbG8","key":"b","base64":true},
  {"expiration_ttl":60.0,"expiration":null,"metadata":null,"base64":null,"value":"","key":"c"}] )";

const std::vector<std::string> expected = {
    "aéé\xf0\x9f\x90\xbb=x\n\"y\" metadata none expiration 1.5e9 ttl none",
    R"(b=hello metadata {"m":[1e400,"\ud800",{}]} expiration none ttl none)",
    "c= metadata none expiration none ttl 60.0",
};

TEST(BulkPairs, AreTheSameHoweverTheBodyIsCut) {
  for (std::size_t piece_bytes = 1; piece_bytes <= document.size(); ++piece_bytes) {
    const auto pairs = read(document, piece_bytes);
    ASSERT_TRUE(pairs) << piece_bytes << " " << pairs.error().argument;
    ASSERT_EQ(pairs->size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_EQ(shown((*pairs)[i]), expected[i]) << piece_bytes;
  }
}

TEST(BulkPairs, AreRefusedWhereverTheBodyEndsEarly) {
  const std::size_t end = document.rfind(']');
  for (std::size_t size = 0; size <= end; ++size) {
    const auto pairs = read(document.substr(0, size), 7);
    ASSERT_FALSE(pairs) << size;
    EXPECT_EQ(pairs.error().code, Errc::bulk_body_malformed) << size;
  }
}

TEST(BulkPairs, AreRefusedWithWhatFollowsThem) {
  for (const char* more : {"]", "x", "[]", ",", "{}", "\xff"}) EXPECT_FALSE(read(document + more)) << more;
}

TEST(BulkPairs, PassAnErrorOfTheBodyOn) {
  for (std::size_t size = 0; size < document.size(); size += 10) {
    PiecewiseSource source(document.substr(0, size), 3, fail(Errc::client_gone));
    const auto pairs = read(source);
    ASSERT_FALSE(pairs);
    EXPECT_EQ(pairs.error().code, Errc::client_gone);
  }
}

TEST(BulkPairs, NameThePairThatIsWrong) {
  const auto error = [](const std::string& third) {
    return read(R"([{"key":"a","value":""},{"key":"b","value":""},)" + third + "]").error();
  };
  EXPECT_EQ(error("7").argument, "pair 2: expected an object");
  EXPECT_EQ(error(R"({"key":"c"})").argument, "pair 2: value is missing");
  EXPECT_EQ(error("{}").argument, "pair 2: key is missing");
  EXPECT_EQ(error(R"({"key":["c"],"value":""})").argument, "pair 2: key must be a string");
  EXPECT_EQ(error(R"({"key":"c","value":true})").argument, "pair 2: value must be a string");
  EXPECT_EQ(error(R"({"key":"c","value":"","base64":0})").argument, "pair 2: base64 must be true or false");
  EXPECT_EQ(error(R"({"key":"c","value":"","expiration":{}})").argument,
            "pair 2: expiration and expiration_ttl must be numbers");
  EXPECT_EQ(error(R"({"key":"c","value":"?","base64":true})"), fail(Errc::bulk_base64_invalid, "c"));
  EXPECT_EQ(error(R"({"key":"..","value":""})").code, Errc::key_illegal);
}

TEST(BulkPairs, TakeAnUnknownNameOfAnyLengthAsUnknown) {
  const auto pairs =
      read(R"([{")" + std::string(5000, 'n') + R"(":[{"key":1}],"key":"k","value":"v"}])", 100);
  ASSERT_TRUE(pairs);
  EXPECT_EQ(pairs->front().value, "v");
}

TEST(BulkPairs, MeasureMetadataWithoutWhiteSpace) {
  const auto with_metadata = [](const std::string& text) {
    return read(R"([{"key":"k","value":"v","metadata":)" + text + "}]", 1000);
  };
  const std::string most = '"' + std::string(limits::metadata_bytes_max - 2, 'm') + '"';
  EXPECT_EQ(with_metadata("  " + most + std::string(9999, ' '))->front().metadata->text(), most);
  EXPECT_EQ(with_metadata("[" + most + "]").error(), fail(Errc::metadata_too_large, "1026"));
}

TEST(BulkPairs, AreGivenBeforeTheBodyHasEnded) {
  PiecewiseSource source(
      R"([{"key":"a","value":"1"},)" + std::string(1000, ' ') + R"({"key":"b","value":"2"}])", 30);
  const auto pairs = make_bulk_pairs(source);
  ASSERT_TRUE(run(pairs->next()).value());
  EXPECT_LE(source.position(), 60u);
}

TEST(BulkPairs, RefuseAValueOverTheLimitWithItsLength) {
  const std::string most(limits::value_bytes_max, 'v');
  const auto with_value = [](const std::string& value) {
    return read(R"([{"key":"k","value":")" + value + R"("}])");
  };
  EXPECT_TRUE(with_value(most));
  EXPECT_EQ(with_value(most + "v").error(), value_too_large(26'214'401, limits::value_bytes_max));
}

}  // namespace
}  // namespace cubby
