// What every engine promises (store/engine.hpp), over every engine: namespaces, accounts and tokens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/engine_fixture.hpp"

namespace cubby {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Token some_token(std::uint8_t number) {
  Token token{.id = TokenId::random(),
              .hash = {},
              .name = "token",
              .right = Right::write,
              .account = {},
              .expiration = {}};
  token.hash.fill(number);
  return token;
}

// ---- Namespaces

TEST_P(EngineConformance, ANamespaceIsFoundAsItWasCreated) {
  Namespace created = some_namespace("t\xC3\xA9st");
  created.jurisdiction = Jurisdiction::eu;
  created.mode = NamespaceMode::instant;

  ASSERT_TRUE(run(engine->create_namespace(created)).has_value());

  EXPECT_EQ(run(engine->find_namespace(created.id)).value(), created);
  EXPECT_THAT(run(engine->namespaces(created.account)).value(), ElementsAre(created));
  EXPECT_EQ(run(engine->find_namespace_by_title(created.account, created.title)).value(), created);
}

TEST_P(EngineConformance, AnUnknownNamespaceIsNotFound) {
  EXPECT_EQ(run(engine->find_namespace(NamespaceId::random())).value(), std::nullopt);
  EXPECT_THAT(run(engine->namespaces(AccountId::random())).value(), IsEmpty());
}

TEST_P(EngineConformance, NamespacesAreThoseOfOneAccount) {
  const auto account = AccountId::random();
  const auto first = some_namespace("first", account);
  const auto second = some_namespace("second", account);
  const auto elsewhere = some_namespace("third");
  for (const auto& each : {first, second, elsewhere}) run(engine->create_namespace(each)).value();

  EXPECT_THAT(run(engine->namespaces(account)).value(), UnorderedElementsAre(first, second));
  EXPECT_THAT(run(engine->namespaces(elsewhere.account)).value(), ElementsAre(elsewhere));
}

TEST_P(EngineConformance, AnIdInUseIsRefusedAndItsNamespaceStays) {
  const Namespace first = some_namespace("first");
  Namespace second = some_namespace("second");
  second.id = first.id;
  run(engine->create_namespace(first)).value();

  EXPECT_FALSE(run(engine->create_namespace(second)).has_value());

  EXPECT_EQ(run(engine->find_namespace(first.id)).value(), first);
  EXPECT_THAT(run(engine->namespaces(second.account)).value(), IsEmpty());
}

TEST_P(EngineConformance, ATitleIsTakenOncePerAccount) {
  const auto first = some_namespace("title");
  const auto same_account = some_namespace("title", first.account);
  const auto other_account = some_namespace("title");
  run(engine->create_namespace(first)).value();

  EXPECT_EQ(run(engine->create_namespace(same_account)).error().code, Errc::title_taken);
  EXPECT_TRUE(run(engine->create_namespace(other_account)).has_value());

  EXPECT_EQ(run(engine->find_namespace(same_account.id)).value(), std::nullopt);
  EXPECT_THAT(run(engine->namespaces(first.account)).value(), ElementsAre(first));
}

TEST_P(EngineConformance, TitlesAreComparedByTheirBytes) {
  const auto account = AccountId::random();
  for (const char* each : {"title", "Title", "title ", "ti", "t\xC3\xA9", "te\xCC\x81"}) {
    EXPECT_TRUE(run(engine->create_namespace(some_namespace(each, account))).has_value()) << each;
  }
}

TEST_P(EngineConformance, RenameAnswersTheNamespaceAsItNowIs) {
  Namespace expected = some_namespace("before");
  expected.jurisdiction = Jurisdiction::us;
  run(engine->create_namespace(expected)).value();

  const auto renamed = run(engine->rename_namespace(expected.id, title("after")));

  expected.title = title("after");
  EXPECT_EQ(renamed.value(), expected);
  EXPECT_EQ(run(engine->find_namespace(expected.id)).value(), expected);
  EXPECT_THAT(run(engine->namespaces(expected.account)).value(), ElementsAre(expected));
}

TEST_P(EngineConformance, RenameFreesTheOldTitleAndTakesTheNew) {
  const auto renamed = some_namespace("before");
  run(engine->create_namespace(renamed)).value();
  run(engine->rename_namespace(renamed.id, title("after"))).value();

  EXPECT_TRUE(run(engine->create_namespace(some_namespace("before", renamed.account))).has_value());
  EXPECT_EQ(run(engine->create_namespace(some_namespace("after", renamed.account))).error().code,
            Errc::title_taken);
}

TEST_P(EngineConformance, RenameOntoItsOwnTitleIsNoError) {
  const auto created = some_namespace("title");
  run(engine->create_namespace(created)).value();

  EXPECT_EQ(run(engine->rename_namespace(created.id, title("title"))).value(), created);
  EXPECT_EQ(run(engine->create_namespace(some_namespace("title", created.account))).error().code,
            Errc::title_taken);
}

TEST_P(EngineConformance, RenameOntoATakenTitleIsRefusedAndChangesNothing) {
  const auto first = some_namespace("first");
  const auto second = some_namespace("second", first.account);
  for (const auto& each : {first, second}) run(engine->create_namespace(each)).value();

  EXPECT_EQ(run(engine->rename_namespace(second.id, title("first"))).error().code, Errc::title_taken);

  EXPECT_EQ(run(engine->find_namespace(second.id)).value(), second);
}

TEST_P(EngineConformance, RenameKeepsTheData) {
  store.put("key", "value");

  run(engine->rename_namespace(store.id(), title("another title"))).value();

  EXPECT_EQ(store.get("key")->bytes, "value");
}

TEST_P(EngineConformance, RenameAndRemovalOfAnUnknownNamespaceAreRefused) {
  const auto unknown = NamespaceId::random();

  EXPECT_EQ(run(engine->rename_namespace(unknown, title("title"))).error().code, Errc::namespace_not_found);
  EXPECT_EQ(run(engine->remove_namespace(unknown)).error().code, Errc::namespace_not_found);
}

TEST_P(EngineConformance, ARemovedNamespaceIsGoneAndItsTitleFree) {
  const auto removed = some_namespace("title");
  run(engine->create_namespace(removed)).value();

  ASSERT_TRUE(run(engine->remove_namespace(removed.id)).has_value());

  EXPECT_EQ(run(engine->find_namespace(removed.id)).value(), std::nullopt);
  EXPECT_THAT(run(engine->namespaces(removed.account)).value(), IsEmpty());
  EXPECT_EQ(run(engine->remove_namespace(removed.id)).error().code, Errc::namespace_not_found);
  EXPECT_EQ(run(engine->rename_namespace(removed.id, title("t"))).error().code, Errc::namespace_not_found);
  EXPECT_TRUE(run(engine->create_namespace(some_namespace("title", removed.account))).has_value());
}

TEST_P(EngineConformance, ARemovedNamespaceTakesItsDataAndOnlyItsOwn) {
  const Store other = new_store(*engine, "another");
  for (const Store& each : {store, other}) {
    each.put("small", "x");
    each.put("large", some_bytes(600'000));
  }

  run(engine->remove_namespace(store.id())).value();

  EXPECT_FALSE(store.get("small"));
  EXPECT_FALSE(store.head("large"));
  EXPECT_THAT(keys_of(store.scan()), IsEmpty());
  EXPECT_TRUE(other.get("large")->bytes == some_bytes(600'000));
  EXPECT_THAT(keys_of(other.scan()), ElementsAre("large", "small"));
}

TEST_P(EngineConformance, APutAfterTheRemovalIsRefused) {
  auto started_before = store.new_put("large", some_bytes(600'000));
  run(engine->remove_namespace(store.id())).value();
  std::vector<Mutation> mutations;
  mutations.push_back(std::move(started_before));
  mutations.push_back(store.new_put("small", "x"));

  EXPECT_EQ(store.apply(std::move(mutations)).error().code, Errc::namespace_not_found);

  EXPECT_FALSE(store.get("large"));
  EXPECT_FALSE(store.get("small"));
}

TEST_P(EngineConformance, ANamespaceThatIsCreatedAgainIsEmpty) {
  const Namespace before = run(engine->find_namespace(store.id())).value().value();
  store.put("small", "x");
  store.put("large", some_bytes(600'000));
  run(engine->remove_namespace(before.id)).value();

  // Refused as long as its data is being removed.
  while (!run(engine->create_namespace(before))) std::this_thread::yield();

  EXPECT_THAT(keys_of(store.scan()), IsEmpty());
  EXPECT_FALSE(store.get("large"));
  EXPECT_EQ(store.usage(), Usage{});
  store.put("large", some_bytes(300'000, 2));
  EXPECT_TRUE(store.get("large")->bytes == some_bytes(300'000, 2));
}

// ---- Accounts

TEST_P(EngineConformance, AccountsAreListedById) {
  const Account last{AccountId({9}), "a"};
  const Account first{AccountId({1}), "c"};
  const Account middle{AccountId({5}), ""};
  EXPECT_THAT(run(engine->accounts()).value(), IsEmpty());

  for (const auto& each : {last, first, middle}) ASSERT_TRUE(run(engine->put_account(each)).has_value());

  EXPECT_THAT(run(engine->accounts()).value(), ElementsAre(first, middle, last));
}

TEST_P(EngineConformance, AnAccountIsFoundById) {
  const Account account{AccountId::random(), "name"};
  run(engine->put_account(account)).value();

  EXPECT_EQ(run(engine->find_account(account.id)).value(), account);
  EXPECT_EQ(run(engine->find_account(AccountId::random())).value(), std::nullopt);
}

TEST_P(EngineConformance, AnAccountIsReplacedById) {
  Account account{AccountId::random(), "before"};
  run(engine->put_account(account)).value();

  account.name = "after";
  run(engine->put_account(account)).value();

  EXPECT_THAT(run(engine->accounts()).value(), ElementsAre(account));
}

// ---- Tokens

TEST_P(EngineConformance, ATokenIsFoundByItsHash) {
  Token token = some_token(1);
  token.account = AccountId::random();
  token.expiration = t0;
  const Token other = some_token(2);
  for (const auto& each : {token, other}) ASSERT_TRUE(run(engine->put_token(each)).has_value());

  EXPECT_EQ(run(engine->find_token(token.hash)).value(), token);
  EXPECT_EQ(run(engine->find_token(other.hash)).value(), other);
  EXPECT_EQ(run(engine->find_token(some_token(3).hash)).value(), std::nullopt);
}

TEST_P(EngineConformance, TokensAreListedEachOnce) {
  EXPECT_THAT(run(engine->tokens()).value(), IsEmpty());
  const Token first = some_token(2);
  Token second = some_token(1);
  for (const auto& each : {first, second}) run(engine->put_token(each)).value();
  second.revoked = true;
  run(engine->put_token(second)).value();

  EXPECT_THAT(run(engine->tokens()).value(), UnorderedElementsAre(first, second));
}

TEST_P(EngineConformance, ATokenIsReplacedByIdAndItsOldHashForgotten) {
  const Token before = some_token(1);
  Token after = before;
  after.hash = some_token(2).hash;
  after.revoked = true;
  run(engine->put_token(before)).value();

  run(engine->put_token(after)).value();

  EXPECT_EQ(run(engine->find_token(before.hash)).value(), std::nullopt);
  EXPECT_EQ(run(engine->find_token(after.hash)).value(), after);
}

}  // namespace
}  // namespace cubby
