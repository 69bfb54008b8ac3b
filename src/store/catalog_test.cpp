#include "store/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cubby {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Title title(std::string text) {
  return Title::parse(std::move(text)).value();
}

Namespace some_namespace(std::string name, AccountId account) {
  return {NamespaceId::random(), account, title(std::move(name)), Jurisdiction::none, NamespaceMode::classic};
}

class CatalogTest : public testing::Test {
 protected:
  const AccountId account = AccountId::random();
  const Namespace first = some_namespace("first", account);
  const Namespace second = some_namespace("second", account);
  Catalog catalog;

  CatalogTest() {
    catalog.put(first);
    catalog.put(second);
  }
};

TEST_F(CatalogTest, FindsWhatWasPut) {
  EXPECT_EQ(catalog.find(first.id), first);
  EXPECT_EQ(catalog.find(NamespaceId::random()), std::nullopt);
  EXPECT_THAT(catalog.namespaces(account), UnorderedElementsAre(first, second));
  EXPECT_THAT(catalog.namespaces(AccountId::random()), IsEmpty());
}

TEST_F(CatalogTest, ChecksThatATitleIsFreeInItsAccount) {
  EXPECT_EQ(catalog.check_create(some_namespace("first", account)).error().code, Errc::title_taken);
  EXPECT_TRUE(catalog.check_create(some_namespace("third", account)).has_value());
  EXPECT_TRUE(catalog.check_create(some_namespace("first", AccountId::random())).has_value());
}

TEST_F(CatalogTest, ACheckChangesNothing) {
  EXPECT_TRUE(catalog.check_create(some_namespace("third", account)).has_value());
  EXPECT_TRUE(catalog.check_rename(first.id, title("third")).has_value());

  EXPECT_EQ(catalog.find(first.id), first);
  EXPECT_THAT(catalog.namespaces(account), UnorderedElementsAre(first, second));
}

TEST_F(CatalogTest, ChecksARename) {
  Namespace renamed = first;
  renamed.title = title("third");

  EXPECT_EQ(catalog.check_rename(first.id, title("third")).value(), renamed);
  EXPECT_EQ(catalog.check_rename(first.id, title("first")).value(), first) << "its own title";
  EXPECT_EQ(catalog.check_rename(first.id, title("second")).error().code, Errc::title_taken);
  EXPECT_EQ(catalog.check_rename(NamespaceId::random(), title("third")).error().code,
            Errc::namespace_not_found);
}

TEST_F(CatalogTest, ARenameMovesTheTitle) {
  Namespace renamed = first;
  renamed.title = title("third");

  catalog.put(renamed);

  EXPECT_EQ(catalog.find(first.id), renamed);
  EXPECT_TRUE(catalog.check_create(some_namespace("first", account)).has_value());
  EXPECT_EQ(catalog.check_create(some_namespace("third", account)).error().code, Errc::title_taken);
}

TEST_F(CatalogTest, TwoNamespacesMaySwapTheirTitles) {
  Namespace one = first;
  Namespace other = second;
  one.title = title("between");
  catalog.put(one);
  other.title = title("first");
  catalog.put(other);
  one.title = title("second");
  catalog.put(one);

  EXPECT_THAT(catalog.namespaces(account), UnorderedElementsAre(one, other));
  EXPECT_EQ(catalog.check_create(some_namespace("first", account)).error().code, Errc::title_taken);
  EXPECT_EQ(catalog.check_create(some_namespace("second", account)).error().code, Errc::title_taken);
  EXPECT_TRUE(catalog.check_create(some_namespace("between", account)).has_value());
}

TEST_F(CatalogTest, ARemovalFreesTheTitle) {
  catalog.remove(first.id);
  catalog.remove(NamespaceId::random());

  EXPECT_EQ(catalog.find(first.id), std::nullopt);
  EXPECT_THAT(catalog.namespaces(account), ElementsAre(second));
  EXPECT_TRUE(catalog.check_create(some_namespace("first", account)).has_value());
}

TEST_F(CatalogTest, AccountsAreOrderedAndReplacedById) {
  const Account high{AccountId({2}), "high"};
  const Account low{AccountId({1}), "low"};
  const Account renamed{AccountId({2}), "renamed"};
  for (const auto& each : {high, low, renamed}) catalog.put(each);

  EXPECT_THAT(catalog.accounts(), ElementsAre(low, renamed));
  EXPECT_EQ(catalog.find(high.id), renamed);
  EXPECT_EQ(catalog.find(AccountId({3})), std::nullopt);
}

TEST_F(CatalogTest, TokensAreFoundByHashAndReplacedById) {
  Token token{TokenId::random(), {1}, "token", Right::read, {}, {}, false};
  catalog.put(token);
  EXPECT_EQ(catalog.find(TokenHash{1}), token);

  token.hash = {2};
  catalog.put(token);

  EXPECT_EQ(catalog.find(TokenHash{1}), std::nullopt);
  EXPECT_EQ(catalog.find(TokenHash{2}), token);
  EXPECT_THAT(catalog.tokens(), ElementsAre(token));
}

}  // namespace
}  // namespace cubby
