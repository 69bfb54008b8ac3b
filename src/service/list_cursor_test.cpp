#include "service/list_cursor.hpp"

#include <gtest/gtest.h>

#include "core/limits.hpp"

namespace cubby {
namespace {

const NamespaceId here = NamespaceId::parse("00112233445566778899aabbccddeeff").value();
const NamespaceId elsewhere = NamespaceId::parse("10112233445566778899aabbccddeeff").value();

bool is_refused(NamespaceId id, std::string_view cursor) {
  const auto decoded = decode_cursor(id, cursor);
  return !decoded && decoded.error().code == Errc::cursor_invalid;
}

TEST(ListCursor, NamesTheKeyThatItWasMadeFrom) {
  for (const std::string& key : {std::string("k"), std::string("a/b \0\xff", 6), std::string("é"),
                                 std::string(limits::key_bytes_max, 'k'), std::string(511, '\xff')}) {
    EXPECT_EQ(decode_cursor(here, encode_cursor(here, key)).value(), key);
  }
}

TEST(ListCursor, NeedsNoEscapingAnywhere) {
  std::string key;
  for (int byte = 0; byte < 256; ++byte) key += static_cast<char>(byte);
  const std::string cursor = encode_cursor(here, key);
  EXPECT_EQ(cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            cursor.npos);
}

TEST(ListCursor, IsRefusedWhenAnyByteIsAnother) {
  const std::string cursor = encode_cursor(here, "some key");
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = cursor;
      changed[i] = static_cast<char>(byte);
      if (changed == cursor) continue;
      EXPECT_TRUE(is_refused(here, changed)) << "byte " << i << " as " << byte;
    }
  }
}

TEST(ListCursor, IsRefusedWhenCutOrExtendedAnywhere) {
  const std::string cursor = encode_cursor(here, "some key");
  for (std::size_t size = 0; size < cursor.size(); ++size) {
    EXPECT_TRUE(is_refused(here, cursor.substr(0, size))) << size;
    EXPECT_TRUE(is_refused(here, cursor.substr(size + 1))) << size;
    EXPECT_TRUE(is_refused(here, cursor.substr(0, size) + "A" + cursor.substr(size))) << size;
  }
  for (const char* more : {"A", "=", "==", " ", "\n", "AAAA"}) EXPECT_TRUE(is_refused(here, cursor + more));
  EXPECT_TRUE(is_refused(here, " " + cursor));
}

TEST(ListCursor, IsRefusedInAnotherNamespace) {
  EXPECT_TRUE(is_refused(elsewhere, encode_cursor(here, "k")));
}

TEST(ListCursor, IsRefusedWhenItNamesNoKey) {
  EXPECT_TRUE(is_refused(here, encode_cursor(here, "")));
  EXPECT_TRUE(is_refused(here, ""));
}

TEST(ListCursor, IsRefusedWhenItIsLongerThanAnyKeyMakesIt) {
  EXPECT_TRUE(is_refused(here, encode_cursor(here, std::string(limits::key_bytes_max + 2, 'k'))));
  EXPECT_TRUE(is_refused(here, std::string(1'000'000, 'A')));
}

}  // namespace
}  // namespace cubby
