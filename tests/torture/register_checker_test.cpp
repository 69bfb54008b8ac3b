#include "tests/torture/register_checker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace cubby::torture {
namespace {

using Kind = Operation::Kind;
using History = std::vector<Operation>;
constexpr Operation::Value nothing = Operation::absent;

Operation write(Operation::Value value, std::int64_t invoked, std::int64_t returned) {
  return {Kind::write, value, invoked, returned};
}
Operation read(Operation::Value value, std::int64_t invoked, std::int64_t returned) {
  return {Kind::read, value, invoked, returned};
}
// Without an answer, and without effect after `until`.
Operation perhaps(Operation::Value value, std::int64_t invoked, std::int64_t until) {
  return {Kind::write, value, invoked, until, false};
}

bool is_linearizable(const History& history) {
  return check_register(history).is_linearizable;
}

// ---- Right

TEST(RegisterChecker, NothingHappened) {
  EXPECT_TRUE(is_linearizable({}));
  EXPECT_TRUE(is_linearizable({read(nothing, 0, 1)}));
}

TEST(RegisterChecker, OneAfterTheOther) {
  EXPECT_TRUE(is_linearizable({read(nothing, 0, 1), write(1, 2, 3), read(1, 4, 5), write(nothing, 6, 7),
                               read(nothing, 8, 9), write(2, 10, 11), read(2, 12, 13)}));
}

TEST(RegisterChecker, AReadDuringAWriteSeesEither) {
  EXPECT_TRUE(is_linearizable({write(1, 0, 1), write(2, 2, 9), read(1, 3, 4)}));
  EXPECT_TRUE(is_linearizable({write(1, 0, 1), write(2, 2, 9), read(2, 3, 4)}));
  EXPECT_TRUE(is_linearizable({write(1, 0, 1), write(2, 2, 9), read(1, 3, 4), read(2, 5, 6)}));
}

TEST(RegisterChecker, WritesThatOverlapComeInAnyOrder) {
  EXPECT_TRUE(is_linearizable({write(1, 0, 9), write(2, 0, 9), read(1, 10, 11)}));
  EXPECT_TRUE(is_linearizable({write(1, 0, 9), write(2, 0, 9), read(2, 10, 11)}));
  EXPECT_TRUE(is_linearizable({write(1, 0, 9), write(2, 0, 9), read(2, 1, 2), read(1, 3, 4)}));
}

TEST(RegisterChecker, AWriteWithoutAnswerMayHaveHappenedOrNot) {
  EXPECT_TRUE(is_linearizable({write(1, 0, 1), perhaps(2, 2, 5), read(1, 6, 7)}));
  EXPECT_TRUE(is_linearizable({write(1, 0, 1), perhaps(2, 2, 5), read(2, 6, 7)}));
  EXPECT_TRUE(is_linearizable({write(1, 0, 1), perhaps(nothing, 2, 5), read(nothing, 6, 7)}));
}

TEST(RegisterChecker, OneThatNobodyNeedsMayBeLeftOut) {
  EXPECT_TRUE(is_linearizable({perhaps(1, 0, 2), perhaps(2, 1, 3), write(3, 4, 5), read(3, 6, 7)}));
}

TEST(RegisterChecker, OneWithoutAnswerMayHaveToComeBeforeARead) {
  EXPECT_TRUE(
      is_linearizable({read(2, 0, 10), perhaps(2, 0, 5), write(nothing, 0, 10), read(nothing, 6, 7)}));
}

// ---- Wrong

TEST(RegisterChecker, AReadOfWhatNobodyWrote) {
  EXPECT_FALSE(is_linearizable({read(1, 0, 1)}));
  EXPECT_FALSE(is_linearizable({write(1, 0, 1), read(2, 2, 3)}));
}

TEST(RegisterChecker, AStaleRead) {
  EXPECT_FALSE(is_linearizable({write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)}));
  EXPECT_FALSE(is_linearizable({write(1, 0, 1), read(nothing, 2, 3)}));
}

TEST(RegisterChecker, AReadFromTheFuture) {
  EXPECT_FALSE(is_linearizable({read(1, 0, 1), write(1, 2, 3)}));
}

TEST(RegisterChecker, ADeletedValueThatComesBack) {
  EXPECT_FALSE(is_linearizable({write(1, 0, 1), write(nothing, 2, 3), read(nothing, 4, 5), read(1, 6, 7)}));
}

TEST(RegisterChecker, ReadsThatDisagreeAboutTheOrder) {
  EXPECT_FALSE(is_linearizable({write(1, 0, 9), write(2, 0, 9), read(1, 10, 11), read(2, 12, 13)}));
  EXPECT_FALSE(is_linearizable({write(1, 0, 1), write(2, 2, 9), read(2, 3, 4), read(1, 5, 6)}));
}

TEST(RegisterChecker, AnAcknowledgedWriteThatIsLost) {
  EXPECT_FALSE(is_linearizable({write(1, 0, 1), write(2, 2, 3), perhaps(3, 4, 5), read(1, 6, 7)}));
}

TEST(RegisterChecker, AWriteWithoutAnswerThatCountsAndThenDoesNot) {
  EXPECT_FALSE(is_linearizable({write(1, 0, 1), perhaps(2, 2, 5), read(2, 6, 7), read(1, 8, 9)}));
}

TEST(RegisterChecker, AnEffectAfterItCanHaveHadNone) {
  EXPECT_FALSE(is_linearizable({write(1, 0, 1), perhaps(2, 2, 5), read(1, 6, 7), read(2, 8, 9)}));
}

TEST(RegisterChecker, AnEffectBeforeTheCall) {
  EXPECT_FALSE(is_linearizable({write(1, 0, 1), read(2, 2, 3), perhaps(2, 4, 5)}));
}

TEST(RegisterChecker, TellsWhereTheOrderEnds) {
  const History history{write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)};
  const Verdict verdict = check_register(history);
  EXPECT_EQ(verdict.longest, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(verdict.left, (std::vector<std::size_t>{2}));
  EXPECT_NE(describe(history, verdict).find("reads 1 from 4 to 5"), std::string::npos);
}

// ---- Against the definition

// Tries every order of every choice of what happened.
bool is_linearizable_by_definition(const History& history) {
  for (unsigned choice = 0; choice < 1U << history.size(); ++choice) {
    std::vector<std::size_t> order;
    bool is_allowed = true;
    for (std::size_t i = 0; i < history.size(); ++i) {
      if (choice >> i & 1U)
        order.push_back(i);
      else
        is_allowed = is_allowed && !history[i].is_certain;
    }
    if (!is_allowed) continue;
    do {
      Operation::Value value = nothing;
      bool is_right = true;
      for (std::size_t i = 0; i < order.size() && is_right; ++i) {
        const Operation& each = history[order[i]];
        for (std::size_t j = 0; j < i; ++j) is_right &= each.returned >= history[order[j]].invoked;
        if (each.kind == Kind::write)
          value = each.value;
        else
          is_right &= each.value == value;
      }
      if (is_right) return true;
    } while (std::next_permutation(order.begin(), order.end()));
  }
  return false;
}

TEST(RegisterChecker, AgreesWithTheDefinitionOnRandomHistories) {
  std::mt19937 random(1);
  int right = 0;
  constexpr int histories = 1500;
  for (int i = 0; i < histories; ++i) {
    History history;
    for (Operation::Value value = 1; value <= 5; ++value) {
      const auto invoked = static_cast<std::int64_t>(random() % 12);
      const auto returned = invoked + 1 + static_cast<std::int64_t>(random() % 6);
      const bool is_read = random() % 2 == 0;
      Operation each{is_read ? Kind::read : Kind::write, is_read || random() % 4 == 0 ? random() % 6 : value,
                     invoked, returned};
      if (!is_read) each.value = random() % 4 == 0 ? nothing : value;
      each.is_certain = is_read || random() % 3 != 0;
      history.push_back(each);
    }
    const bool expected = is_linearizable_by_definition(history);
    right += expected;
    ASSERT_EQ(is_linearizable(history), expected)
        << "history " << i << describe(history, check_register(history));
  }
  EXPECT_GT(right, histories / 20) << "of both kinds";
  EXPECT_LT(right, histories - histories / 20);
}

}  // namespace
}  // namespace cubby::torture
