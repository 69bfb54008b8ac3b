#include "wire/base64.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <random>
#include <string>
#include <string_view>

namespace cubby {
namespace {

using namespace std::string_view_literals;

std::string encode(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

TEST(Base64, DecodesTheExamplesOfRfc4648) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(decode_base64("Zm9vYmE="), "fooba");
  EXPECT_EQ(decode_base64("Zm9vYmFy"), "foobar");
}

TEST(Base64, NeedsNoPadding) {
  EXPECT_EQ(decode_base64("Zg"), "f");
  EXPECT_EQ(decode_base64("Zm9vYmE"), "fooba");
}

TEST(Base64, IgnoresAsciiWhiteSpace) {
  EXPECT_EQ(decode_base64(" Z\tm\n9\fv\r\nYg = =\n"), "foob");
  EXPECT_EQ(decode_base64(" \n"), "");
}

TEST(Base64, IgnoresBitsBeyondTheLastByte) {
  EXPECT_EQ(decode_base64("Zh=="), "f");
  EXPECT_EQ(decode_base64("Zm9"), "fo");
}

TEST(Base64, RejectsWhatIsNotBase64) {
  for (const auto text : {"Z"sv, "Zm9vY"sv, "Z==="sv, "Zg="sv, "Zg==="sv, "Zm8=="sv, "Zm9v="sv, "Zm9v===="sv,
                          "="sv, "===="sv, "Zg==Zg=="sv, "Zm8=v"sv, "Zm=8"sv, "Zm9-"sv, "Zm9_"sv, "Zm9*"sv,
                          "Zm9v\v"sv, "Zm9v\0"sv, "Zm9\xC3"sv}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
}

TEST(Base64, DecodesWhatOpenSslEncodes) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (std::size_t length = 0; length < 500; ++length) {
    std::string bytes(length, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    std::string text = encode(bytes);
    std::string ours = "before";
    append_base64(ours, bytes);
    EXPECT_EQ(ours, "before" + text);
    EXPECT_EQ(decode_base64(text), bytes);
    for (std::size_t at = 20; at < text.size(); at += 22) text.insert(at, "\r\n");
    EXPECT_TRUE(decode_base64_in_place(text));
    EXPECT_EQ(text, bytes);
  }
}

}  // namespace
}  // namespace cubby
