#include "wire/error_table.hpp"

#include <gtest/gtest.h>

namespace cubby {
namespace {

TEST(ErrorTable, GivesEveryErrorAStatusAndACode) {
  for (int i = 0; i <= static_cast<int>(Errc::last); ++i) {
    const ErrorRow& row = error_row(static_cast<Errc>(i));
    EXPECT_EQ(row.code, static_cast<Errc>(i));
    EXPECT_GE(row.status, 400u);
    EXPECT_LE(row.status, 599u);
    EXPECT_NE(row.status, 409u) << "the SDKs would try again";
    EXPECT_GE(row.rest_code, 1000);
    EXPECT_FALSE(row.text.empty());
  }
}

TEST(ErrorTable, GivesTheBindingOneLineOfAsciiWhateverTheArgument) {
  EXPECT_EQ(binding_phrase(fail(Errc::key_not_found)), "Not Found");
  EXPECT_EQ(binding_phrase(value_too_large(26'214'401, 26'214'400)),
            "Value length of 26214401 exceeds limit of 26214400.");
  EXPECT_EQ(binding_phrase(fail(Errc::namespace_not_found, "a\r\nb\xC3\xA9\x7F")),
            "Unknown namespace: a??b???");
  EXPECT_EQ(binding_phrase(fail(Errc::namespace_not_found, std::string(10'000, 'x'))).size(), 512u);
}

TEST(ErrorTable, PutsTheArgumentInItsPlaceOnce) {
  EXPECT_EQ(error_text(fail(Errc::key_too_long, "513")),
            "UTF-8 encoded length of 513 exceeds key length limit of 512.");
  EXPECT_EQ(error_text(fail(Errc::key_illegal, "{}")),
            "Illegal key name \"{}\". Please use a different name.");
  EXPECT_EQ(error_text(fail(Errc::key_not_found, "ignored")), "key not found");
}

}  // namespace
}  // namespace cubby
