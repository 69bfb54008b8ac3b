#include "store/catalog_record.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "core/limits.hpp"
#include "store/record.hpp"

namespace cubby {
namespace {

using namespace std::chrono_literals;

Title title(std::string text) {
  return Title::parse(std::move(text)).value();
}

std::vector<CatalogRow> rows_of_all_shapes() {
  std::vector<CatalogRow> rows;
  const auto account = AccountId::random();
  rows.emplace_back(Account{account, ""});
  rows.emplace_back(Account{account, std::string("na\0me", 5)});
  for (const auto jurisdiction :
       {Jurisdiction::none, Jurisdiction::eu, Jurisdiction::fedramp, Jurisdiction::us}) {
    for (const auto mode : {NamespaceMode::classic, NamespaceMode::instant}) {
      rows.emplace_back(Namespace{NamespaceId::random(), account, title("t\xC3\xA9"), jurisdiction, mode});
    }
  }
  rows.emplace_back(Namespace{NamespaceId::random(), account,
                              title(std::string(limits::title_characters_max, 't')), Jurisdiction::none,
                              NamespaceMode::classic});
  TokenHash hash;
  for (std::size_t i = 0; i < hash.size(); ++i) hash[i] = static_cast<std::uint8_t>(200 + i);
  for (const auto right : {Right::read, Right::write, Right::admin}) {
    for (const std::optional<AccountId> only : {std::optional<AccountId>(), std::optional(account)}) {
      for (const std::optional<Instant> expiration :
           {std::optional<Instant>(), std::optional(Instant{0s}), std::optional(Instant{1'800'000'000s})}) {
        for (const bool revoked : {false, true}) {
          rows.emplace_back(Token{TokenId::random(), hash, "token", right, only, expiration, revoked});
        }
      }
    }
  }
  Token scoped{TokenId::random(), hash, "scoped", Right::write, account, {}, false};
  scoped.created = Instant{1'800'000'000s};
  scoped.key_prefix = std::string("a\0b", 3);
  scoped.namespaces = {NamespaceId::random(), NamespaceId::random()};
  scoped.sources = {AddressRange::parse("10.0.0.0/8").value(), AddressRange::parse("::/0").value()};
  rows.emplace_back(scoped);
  return rows;
}

TEST(CatalogRecord, RoundTripsInAllShapes) {
  for (const CatalogRow& row : rows_of_all_shapes()) {
    EXPECT_TRUE(decode_catalog_row(encode_catalog_row(row), catalog_place(row)).value() == row)
        << testing::PrintToString(catalog_place(row));
  }
}

TEST(CatalogRecord, ReadsTokensOfTheFirstFormat) {
  const Token token{TokenId::random(), {}, "old", Right::write, AccountId::random(), {}, true};
  const std::string place = catalog_place(token);
  const std::string bytes = encode_catalog_row(token);
  std::string old(unseal(bytes, place).value());
  old.resize(old.size() - 8 - 3 * 4);  // without the time, the prefix and two empty lists
  old.front() = 1;
  seal(old, place);

  EXPECT_TRUE(decode_catalog_row(old, place).value() == CatalogRow(token));
}

TEST(CatalogRecord, APlaceIsTheKindAndTheId) {
  const auto id = NamespaceId::parse("000102030405060708090a0b0c0d0e0f").value();
  const Namespace each{id, AccountId::random(), title("t"), Jurisdiction::none, NamespaceMode::classic};

  EXPECT_EQ(catalog_place(each), "n" + std::string(id.view()));
  EXPECT_EQ(catalog_place(Account{AccountId(id.bytes()), ""}), "a" + std::string(id.view()));
  EXPECT_EQ(catalog_place(Token{.id = TokenId(id.bytes()),
                                .hash = {},
                                .name = "",
                                .right = Right::read,
                                .account = {},
                                .expiration = {}}),
            "t" + std::string(id.view()));
}

TEST(CatalogRecord, EveryFlippedBitIsCorrupt) {
  for (const CatalogRow& row : rows_of_all_shapes()) {
    const std::string bytes = encode_catalog_row(row);
    for (std::size_t bit = 0; bit<8 * bytes.size(); bit += bytes.size()> 300 ? 13u : 1u) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));

      ASSERT_EQ(decode_catalog_row(damaged, catalog_place(row)).error().code, Errc::storage_corrupt) << bit;
    }
  }
}

TEST(CatalogRecord, EveryTruncationIsCorruptWithAndWithoutAChecksum) {
  for (const CatalogRow& row : rows_of_all_shapes()) {
    const std::string place = catalog_place(row);
    const std::string bytes = encode_catalog_row(row);
    const std::string content(unseal(bytes, place).value());
    for (std::size_t size = 0; size < content.size(); ++size) {
      std::string sealed = content.substr(0, size);
      seal(sealed, place);

      ASSERT_EQ(decode_catalog_row(bytes.substr(0, size), place).error().code, Errc::storage_corrupt) << size;
      ASSERT_EQ(decode_catalog_row(sealed, place).error().code, Errc::storage_corrupt) << size;
    }
  }
}

TEST(CatalogRecord, BytesThatFollowAreCorrupt) {
  for (const CatalogRow& row : rows_of_all_shapes()) {
    const std::string bytes = encode_catalog_row(row);
    std::string longer(unseal(bytes, catalog_place(row)).value());
    longer += '\0';
    seal(longer, catalog_place(row));

    EXPECT_EQ(decode_catalog_row(longer, catalog_place(row)).error().code, Errc::storage_corrupt);
  }
}

TEST(CatalogRecord, AnotherPlaceIsCorrupt) {
  const Account account{AccountId::random(), "name"};

  EXPECT_EQ(
      decode_catalog_row(encode_catalog_row(account), catalog_place(Account{AccountId::random(), "name"}))
          .error()
          .code,
      Errc::storage_corrupt);
}

TEST(CatalogRecord, AnUnknownKindOrFormatIsCorrupt) {
  for (const char* place : {"", "x", "A"}) {
    std::string bytes = "\x01";
    seal(bytes, place);
    EXPECT_EQ(decode_catalog_row(bytes, place).error().code, Errc::storage_corrupt) << place;
  }
  const Account account{AccountId::random(), "name"};
  const std::string bytes = encode_catalog_row(account);
  std::string other_format(unseal(bytes, catalog_place(account)).value());
  other_format[0] = 2;
  seal(other_format, catalog_place(account));
  EXPECT_EQ(decode_catalog_row(other_format, catalog_place(account)).error().code, Errc::storage_corrupt);
}

}  // namespace
}  // namespace cubby
