#include "service/access.hpp"

#include <gtest/gtest.h>

#include "store/memory_engine.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run_task.hpp"

namespace cubby {
namespace {

using std::chrono_literals::operator""s;

const std::string secret = "secret-0123456789-0123456789-0123456789-0123";
const std::string other_secret = "others-0123456789-0123456789-0123456789-0123";
const AccountId account = AccountId::random();

class AccessTest : public testing::Test {
 protected:
  Token token_of(const std::string& text) const {
    return {
        .id = TokenId::random(), .hash = hash_token(text), .name = "name", .account = {}, .expiration = {}};
  }

  void put(const Token& token) { run(engine_->put_token(token)).value(); }

  Errc error_of(const std::string& credentials) {
    const auto grant = run(access_.authenticate(credentials, caller_));
    return grant ? Errc::internal : grant.error().code;
  }

  TokenId token_behind(const std::string& credentials) {
    return run(access_.authenticate(credentials, caller_)).value()->token;
  }

  ManualClock clock_;
  std::unique_ptr<Engine> engine_ = make_memory_engine();
  Access access_{*engine_, clock_, std::nullopt};
  RememberedCaller caller_;  // of one connection
};

TEST_F(AccessTest, GrantsTheSameToARememberedCaller) {
  const Token token = token_of(secret);
  put(token);
  EXPECT_EQ(token_behind(secret), token.id);
  EXPECT_EQ(token_behind(secret), token.id);
}

TEST_F(AccessTest, RefusesARememberedCallerFromTheRevocationOn) {
  Token token = token_of(secret);
  put(token);
  EXPECT_EQ(token_behind(secret), token.id);
  token.revoked = true;
  put(token);
  EXPECT_EQ(error_of(secret), Errc::token_refused);
}

TEST_F(AccessTest, RefusesARememberedCallerFromTheExpiryOn) {
  Token token = token_of(secret);
  token.expiration = whole_seconds(clock_.now()) + 60s;
  put(token);
  clock_.advance(59s);
  EXPECT_EQ(token_behind(secret), token.id);
  clock_.advance(1s);
  EXPECT_EQ(error_of(secret), Errc::token_refused);
}

TEST_F(AccessTest, GrantsARememberedCallerWhatItsTokenHasBecome) {
  Token token = token_of(secret);
  put(token);
  EXPECT_EQ(run(access_.authenticate(secret, caller_)).value()->right, Right::read);
  token.right = Right::write;
  put(token);
  EXPECT_EQ(run(access_.authenticate(secret, caller_)).value()->right, Right::write);
}

TEST_F(AccessTest, ConfirmsACallerUntilItsTokenIsRevoked) {
  Token token = token_of(secret);
  put(token);
  const Grant* const grant = run(access_.authenticate(secret, caller_)).value();
  std::uint64_t generation = caller_.access_generation;
  EXPECT_TRUE(run(access_.confirm(caller_, generation)));
  put(token_of(other_secret));
  EXPECT_TRUE(run(access_.confirm(caller_, generation)));
  EXPECT_EQ(generation, engine_->access_generation());
  EXPECT_EQ(grant->token, token.id);  // where it was: the request has views of it
  token.revoked = true;
  put(token);
  EXPECT_EQ(run(access_.confirm(caller_, generation)).error().code, Errc::token_refused);
}

TEST_F(AccessTest, ConfirmsACallerUntilItsTokenExpires) {
  Token token = token_of(secret);
  token.expiration = whole_seconds(clock_.now()) + 60s;
  put(token);
  EXPECT_EQ(token_behind(secret), token.id);
  std::uint64_t generation = caller_.access_generation;
  clock_.advance(59s);
  EXPECT_TRUE(run(access_.confirm(caller_, generation)));
  clock_.advance(1s);
  EXPECT_EQ(run(access_.confirm(caller_, generation)).error().code, Errc::token_refused);
}

TEST_F(AccessTest, TellsCallersOfOneConnectionApart) {
  const Token token = token_of(secret);
  const Token other = token_of(other_secret);
  put(token);
  put(other);
  EXPECT_EQ(token_behind(secret), token.id);
  EXPECT_EQ(token_behind(other_secret), other.id);
  EXPECT_EQ(error_of(secret.substr(1)), Errc::token_refused);
  EXPECT_EQ(error_of(secret + "x"), Errc::token_refused);
  EXPECT_EQ(error_of(""), Errc::token_refused);
  EXPECT_EQ(token_behind(secret), token.id);
}

TEST_F(AccessTest, FindsAnAccountFromItsCreationOn) {
  put(token_of(secret));
  const auto has_account = [&] {
    run(access_.authenticate(secret, caller_)).value();
    return run(access_.has_account(account, caller_)).value();
  };
  EXPECT_FALSE(has_account());
  run(engine_->put_account({account, "Cubby"})).value();
  EXPECT_TRUE(has_account());
  EXPECT_TRUE(has_account());
  EXPECT_FALSE(run(access_.has_account(AccountId::random(), caller_)).value());
}

class Recorder final : public RefusalWatch {
 public:
  Task<void> on_refused(std::optional<Address>, std::string why) override {
    told.push_back(std::move(why));
    co_return;
  }
  std::vector<std::string> told;
};

TEST_F(AccessTest, TellsTheOperatorOfEachRefusalAndOfNothingElse) {
  Recorder recorder;
  Access watched(*engine_, clock_, std::nullopt, &recorder);
  const auto try_it = [&](const std::string& text) {
    return run(watched.authenticate(text, caller_)).has_value();
  };
  Token token = token_of(secret);
  token.expiration = whole_seconds(clock_.now()) + 60s;
  put(token);
  EXPECT_TRUE(try_it(secret));
  EXPECT_TRUE(try_it(secret));
  EXPECT_EQ(recorder.told, std::vector<std::string>{});
  EXPECT_FALSE(try_it(other_secret));
  token.sources = {AddressRange::parse("10.0.0.0/8").value()};
  put(token);
  EXPECT_FALSE(try_it(secret));
  token.sources.clear();
  put(token);
  clock_.advance(60s);
  EXPECT_FALSE(try_it(secret));
  token.revoked = true;
  token.name = "line\nfeed";
  put(token);
  EXPECT_FALSE(try_it(secret));
  EXPECT_EQ(recorder.told,
            (std::vector<std::string>{"no such token", R"(token "name" may not come from there)",
                                      R"(token "name" has expired)", R"(token "line\nfeed" is revoked)"}));
}

}  // namespace
}  // namespace cubby
