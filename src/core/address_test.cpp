#include "core/address.hpp"

#include <gtest/gtest.h>

namespace cubby {
namespace {

bool covers(std::string_view range, std::string_view address) {
  return AddressRange::parse(range).value().contains(Address::parse(address).value());
}

TEST(Address, ReadsBothKindsAndWritesThemAgain) {
  for (const auto* text : {"127.0.0.1", "10.1.2.3", "::1", "2001:db8::5"}) {
    EXPECT_EQ(Address::parse(text).value().text(), text);
  }
  EXPECT_EQ(Address::parse("::ffff:10.1.2.3"), Address::parse("10.1.2.3"));
  for (const auto* text : {"", "localhost", "1.2.3", "1.2.3.4:80", "[::1]", "fe80::1%lo", "1.2.3.4/8"}) {
    EXPECT_EQ(Address::parse(text), std::nullopt) << text;
  }
  EXPECT_EQ(Address::parse(std::string_view("1.2.3.4\0x", 9)), std::nullopt);
}

TEST(AddressRange, CoversWhatBeginsWithTheSameBits) {
  EXPECT_TRUE(covers("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(covers("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(covers("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(covers("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(covers("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(covers("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(covers("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(covers("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(AddressRange, EverythingOfAKindIsNotEverything) {
  EXPECT_TRUE(covers("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(covers("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(covers("::/0", "2001:db8::1"));
}

TEST(AddressRange, RefusesWhatIsNoRange) {
  for (const auto* text : {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x",
                           "10.0.0.1/8", "2001:db8::1/64", "x/8"}) {
    EXPECT_EQ(AddressRange::parse(text), std::nullopt) << text;
  }
}

TEST(AddressRange, WritesItsBitsAsPeopleDo) {
  for (const auto* text : {"10.0.0.0/8", "127.0.0.1/32", "2001:db8::/33"}) {
    EXPECT_EQ(AddressRange::parse(text).value().text(), text);
  }
}

}  // namespace
}  // namespace cubby
