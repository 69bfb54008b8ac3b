#include "store/record.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "core/limits.hpp"

namespace cubby {
namespace {

using namespace std::chrono_literals;

const std::string place = "namespace and key";

HeadView some_head() {
  return {Version{0x0102030405060708}, Instant{1'800'000'000s}, R"({"a":1})", 5, "value"};
}

TEST(HeadRecord, RoundTripsInAllShapes) {
  const std::string metadata(limits::metadata_bytes_max, 'm');
  const std::string value(limits::inline_value_bytes_max, '\0');
  for (const std::optional<Instant> expiration :
       {std::optional<Instant>(), std::optional(Instant{0s}), std::optional(Instant{-1s}),
        std::optional(Instant{std::chrono::seconds(limits::expiration_max)})}) {
    for (const std::size_t metadata_bytes : {std::size_t{0}, std::size_t{2}, metadata.size()}) {
      HeadView head{Version{~0ull}, expiration, {}, 0, {}};
      if (metadata_bytes > 0) head.metadata = std::string_view(metadata).substr(0, metadata_bytes);
      for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, value.size()}) {
        head.value_bytes = bytes;
        head.body = std::string_view(value).substr(0, bytes);
        const std::string row = encode_head(head, place);
        EXPECT_EQ(decode_head(row, place).value(), head);
      }
      for (const auto where : {BodyRef::Place::row, BodyRef::Place::file}) {
        head.body = BodyRef{BodyId{~0ull}, where};
        const std::string row = encode_head(head, place);
        EXPECT_EQ(decode_head(row, place).value(), head);
      }
    }
  }
}

TEST(HeadRecord, EveryFlippedBitIsCorrupt) {
  HeadView elsewhere = some_head();
  elsewhere.body = BodyRef{BodyId{7}, BodyRef::Place::file};
  for (const HeadView& head : {some_head(), elsewhere}) {
    const std::string bytes = encode_head(head, place);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));

      EXPECT_EQ(decode_head(damaged, place).error().code, Errc::storage_corrupt) << "bit " << bit;
    }
  }
}

TEST(HeadRecord, EveryTruncationIsCorrupt) {
  const std::string bytes = encode_head(some_head(), place);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode_head(bytes.substr(0, size), place).error().code, Errc::storage_corrupt) << size;
    EXPECT_EQ(decode_head(bytes.substr(bytes.size() - size), place).error().code, Errc::storage_corrupt)
        << size;
  }
}

TEST(HeadRecord, AnotherPlaceIsCorrupt) {
  const std::string bytes = encode_head(some_head(), place);

  EXPECT_EQ(decode_head(bytes, "namespace and kez").error().code, Errc::storage_corrupt);
  EXPECT_EQ(decode_head(bytes, "").error().code, Errc::storage_corrupt);
}

// What a checksum does not catch: content that nobody should have written.
TEST(HeadRecord, ContentThatDoesNotFitIsCorruptDespiteItsChecksum) {
  const std::string bytes = encode_head(some_head(), place);
  const std::string content(unseal(bytes, place).value());
  for (std::size_t size = 0; size < content.size(); ++size) {
    std::string cut = content.substr(0, size);
    seal(cut, place);
    EXPECT_EQ(decode_head(cut, place).error().code, Errc::storage_corrupt) << size;
  }
  std::string longer = content + 'x';
  seal(longer, place);
  EXPECT_EQ(decode_head(longer, place).error().code, Errc::storage_corrupt);
}

TEST(HeadRecord, AnUnknownFormatOrFlagIsCorrupt) {
  const std::string bytes = encode_head(some_head(), place);
  for (const auto& [at, value] :
       {std::pair(0, 0), std::pair(0, 2), std::pair(1, 16), std::pair(1, 12), std::pair(1, 0x80)}) {
    std::string changed(unseal(bytes, place).value());
    changed[static_cast<std::size_t>(at)] = static_cast<char>(value);
    seal(changed, place);

    EXPECT_EQ(decode_head(changed, place).error().code, Errc::storage_corrupt) << at << " " << value;
  }
}

// The bytes themselves, so that a change of the layout is noticed. Never change them: add a format.
TEST(HeadRecord, TheLayoutOfFormatOneStays) {
  const std::string bytes = encode_head(some_head(), place);

  EXPECT_EQ(unseal(bytes, place).value(), std::string("\x01\x03"
                                                      "\x08\x07\x06\x05\x04\x03\x02\x01"
                                                      "\x05\0\0\0\0\0\0\0"
                                                      "\x00\xD2\x49\x6B\0\0\0\0"
                                                      "\x07\0{\"a\":1}value",
                                                      2 + 8 + 8 + 8 + 2 + 7 + 5));
}

TEST(Seal, UnsealGivesBackWhatWasSealed) {
  for (const std::size_t size : {0u, 1u, 7u, 8u, 9u, 300'000u}) {
    const std::string content(size, 'c');
    std::string bytes = content;
    seal(bytes, place);

    EXPECT_EQ(bytes.size(), size + 8);
    EXPECT_TRUE(unseal(bytes, place).value() == content);
  }
}

TEST(Seal, TooFewBytesForAChecksumAreCorrupt) {
  EXPECT_EQ(unseal("", "").error().code, Errc::storage_corrupt);
  EXPECT_EQ(unseal("1234567", "").error().code, Errc::storage_corrupt);
}

}  // namespace
}  // namespace cubby
