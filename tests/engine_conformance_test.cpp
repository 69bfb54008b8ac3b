// What every engine promises (store/engine.hpp), over every engine. This file: single values and their
// readers. Beside it: _apply (mutations and versions), _list (scans), _catalog (namespaces, accounts,
// tokens), _concurrency.
#include <gtest/gtest.h>

#include <set>

#include "tests/support/engine_fixture.hpp"

namespace cubby {

INSTANTIATE_TEST_SUITE_P(Every, EngineConformance, testing::ValuesIn(every_engine), name_of);

namespace {

using namespace limits;

// Around every size at which an engine may store a value in another way.
const std::size_t telling_sizes[] = {
    0,
    1,
    inline_value_bytes_max - 1,
    inline_value_bytes_max,
    inline_value_bytes_max + 1,
    value_piece_bytes - 1,
    value_piece_bytes,
    value_piece_bytes + 1,
    2 * value_piece_bytes,
    3 * value_piece_bytes + 17,
};

TEST_P(EngineConformance, GetAndHeadFindNothingUnderAnUnknownKey) {
  store.put("other", "value");

  EXPECT_FALSE(store.get("key"));
  EXPECT_FALSE(store.head("key"));
}

TEST_P(EngineConformance, GetAnswersTheBytesThatWereWrittenWhateverTheirNumber) {
  for (const std::size_t size : telling_sizes) {
    SCOPED_TRACE(size);
    const std::string bytes = some_bytes(size);

    const Version version = store.put("key", bytes);

    const auto found = store.get("key");
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->bytes == bytes);
    EXPECT_EQ(found->head, (Head{version, {}, {}, size}));
    EXPECT_EQ(store.head("key"), found->head);
  }
}

TEST_P(EngineConformance, GetAnswersTheLargestValue) {
  const std::string bytes = some_bytes(value_bytes_max);

  store.put("key", bytes);

  EXPECT_TRUE(store.get("key")->bytes == bytes);
}

TEST_P(EngineConformance, GetAnswersUpToOnePieceWithoutARest) {
  store.put("one piece", some_bytes(value_piece_bytes));
  store.put("more", some_bytes(value_piece_bytes + 1));

  const auto one_piece = store.open("one piece").value();
  const auto more = store.open("more").value();

  EXPECT_EQ(one_piece->rest, nullptr);
  EXPECT_EQ(one_piece->bytes.size(), value_piece_bytes);
  EXPECT_NE(more->rest, nullptr);
}

TEST_P(EngineConformance, ASourceRepeatsItsEnd) {
  store.put("key", some_bytes(value_piece_bytes + 1));
  const auto value = store.open("key").value();

  EXPECT_EQ(run(value->rest->read()).value().size(), 1u);
  EXPECT_TRUE(run(value->rest->read()).value().empty());
  EXPECT_TRUE(run(value->rest->read()).value().empty());
}

TEST_P(EngineConformance, ValuesAreBinary) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);

  store.put("key", every_byte);

  EXPECT_EQ(store.get("key")->bytes, every_byte);
}

TEST_P(EngineConformance, AnUploadTakesPiecesOfAnySize) {
  const std::string bytes = some_bytes(2 * value_piece_bytes + 5);
  for (const std::size_t piece : {std::size_t{100}, value_piece_bytes, value_piece_bytes + 1, bytes.size()}) {
    SCOPED_TRACE(piece);
    std::vector<Mutation> mutations;
    mutations.emplace_back(Put{key("key"), store.upload(bytes, piece), {}, {}});

    store.apply(std::move(mutations)).value();

    EXPECT_TRUE(store.get("key")->bytes == bytes);
  }
}

TEST_P(EngineConformance, AnUploadCopiesWhatItIsGiven) {
  auto upload = store.engine().begin_upload(store.id());
  std::string bytes = "first";
  run(upload->append(bytes)).value();
  bytes = "XXXXX";
  run(upload->append("")).value();
  run(upload->append(" second")).value();
  run(upload->finish()).value();
  std::vector<Mutation> mutations;
  mutations.emplace_back(Put{key("key"), std::move(upload), {}, {}});

  store.apply(std::move(mutations)).value();

  EXPECT_EQ(store.get("key")->bytes, "first second");
}

TEST_P(EngineConformance, NobodySeesAnUploadBeforeItIsApplied) {
  store.put("key", "old");

  const auto upload = store.upload(some_bytes(2 * value_piece_bytes));

  EXPECT_EQ(store.get("key")->bytes, "old");
  EXPECT_EQ(keys_of(store.scan()), std::vector<std::string>{"key"});
}

TEST_P(EngineConformance, AnAbandonedUploadChangesNothing) {
  const Version version = store.put("key", "old");

  store.upload("small").reset();
  store.upload(some_bytes(2 * value_piece_bytes)).reset();
  auto unfinished = store.engine().begin_upload(store.id());
  run(unfinished->append(some_bytes(value_piece_bytes + 1))).value();
  unfinished.reset();

  EXPECT_EQ(store.get("key")->bytes, "old");
  EXPECT_EQ(store.head("key")->version, version);
  EXPECT_EQ(keys_of(store.scan()), std::vector<std::string>{"key"});
}

TEST_P(EngineConformance, AnOverwriteReplacesAValueOfAnySize) {
  for (const std::size_t before : telling_sizes) {
    for (const std::size_t after : {std::size_t{0}, std::size_t{5}, value_piece_bytes + 1}) {
      SCOPED_TRACE(std::to_string(before) + " then " + std::to_string(after));
      store.put("key", some_bytes(before, 1));

      store.put("key", some_bytes(after, 2));

      EXPECT_TRUE(store.get("key")->bytes == some_bytes(after, 2));
    }
  }
}

TEST_P(EngineConformance, MetadataAndExpirationAreKeptBesideValuesOfAnySize) {
  for (const std::size_t size : telling_sizes) {
    SCOPED_TRACE(size);
    const auto largest = metadata_of(metadata_bytes_max);
    store.put("key", some_bytes(size), {.metadata = largest, .expiration = t0 + 60s});

    const auto found = store.get("key");

    EXPECT_EQ(found->head.metadata, largest);
    EXPECT_EQ(found->head.expiration, t0 + 60s);
    EXPECT_EQ(store.head("key"), found->head);
    EXPECT_TRUE(found->bytes == some_bytes(size));
  }
}

TEST_P(EngineConformance, AnOverwriteReplacesMetadataAndExpirationAsAWhole) {
  store.put("key", "1", {.metadata = metadata(R"({"a":1})"), .expiration = t0 + 60s});

  store.put("key", "2", {.metadata = metadata(R"({"b":2})")});
  EXPECT_EQ(store.head("key")->metadata, metadata(R"({"b":2})"));
  EXPECT_EQ(store.head("key")->expiration, std::nullopt);

  store.put("key", "3", {.expiration = t0 + 90s});
  EXPECT_EQ(store.head("key")->metadata, std::nullopt);
  EXPECT_EQ(store.head("key")->expiration, t0 + 90s);
}

// Engines keep what is read often in memory.
TEST_P(EngineConformance, AValueThatIsReadOftenIsAlwaysTheLatest) {
  const auto read_often = [&] {
    std::set<std::string> seen;
    for (int time = 0; time < 5; ++time) {
      const auto found = store.get("key");
      const auto head = store.head("key");
      EXPECT_EQ(found.has_value(), head.has_value());
      if (found && head) {
        EXPECT_EQ(found->head, *head);
      }
      seen.insert(found ? found->bytes : "nothing");
    }
    return seen;
  };
  using Seen = std::set<std::string>;
  EXPECT_EQ(read_often(), Seen{"nothing"});
  store.put("key", "1");
  EXPECT_EQ(read_often(), Seen{"1"});
  store.put("key", "2", {.metadata = metadata("1"), .expiration = t0 + 60s});
  EXPECT_EQ(read_often(), Seen{"2"});
  EXPECT_FALSE(store.get("key", t0 + 60s).has_value());
  store.put("key", some_bytes(5000));
  EXPECT_EQ(read_often(), Seen{some_bytes(5000)});
  store.remove("key");
  EXPECT_EQ(read_often(), Seen{"nothing"});
  store.put("key", "3", {.expiration = t0 - 1s});
  EXPECT_EQ(read_often(), Seen{"nothing"});
  EXPECT_EQ(store.get("key", t0 - 2s).value().bytes, "3");
  EXPECT_EQ(sweep_all(*engine, t0), 1u);
  EXPECT_FALSE(store.get("key", t0 - 2s).has_value());
  store.put("key", "4");
  EXPECT_EQ(read_often(), Seen{"4"});
  run(engine->remove_namespace(store.id())).value();
  EXPECT_EQ(read_often(), Seen{"nothing"});
}

TEST_P(EngineConformance, GetHidesAValueFromItsExpirySecondOn) {
  for (const std::size_t size : {std::size_t{1}, value_piece_bytes + 1}) {
    store.put("key", some_bytes(size), {.expiration = t0 + 60s});

    EXPECT_TRUE(store.get("key", t0 + 59s));
    EXPECT_FALSE(store.get("key", t0 + 60s));
    EXPECT_FALSE(store.get("key", t0 + 61s));
  }
}

TEST_P(EngineConformance, HeadHidesAValueFromItsExpirySecondOn) {
  store.put("key", "value", {.expiration = t0 + 60s});

  EXPECT_TRUE(store.head("key", t0 + 59s));
  EXPECT_FALSE(store.head("key", t0 + 60s));
}

TEST_P(EngineConformance, AReaderWhoseClockIsBehindStillSeesAValue) {
  store.put("key", "value", {.expiration = t0 + 60s});
  EXPECT_FALSE(store.get("key", t0 + 60s));

  EXPECT_TRUE(store.get("key", t0 + 59s));
}

TEST_P(EngineConformance, AnExpiredValueCanBeOverwrittenAndRemoved) {
  store.put("overwritten", "old", {.expiration = t0});
  store.put("removed", some_bytes(value_piece_bytes), {.expiration = t0});

  store.put("overwritten", "new");
  store.remove("removed");

  EXPECT_EQ(store.get("overwritten")->bytes, "new");
  EXPECT_FALSE(store.get("removed", t0 - 1s));
}

// ---- Readers

// A value that is being read: its first piece is there, the rest is not yet.
class EngineReader : public EngineConformance {
 protected:
  const std::string bytes = some_bytes(5 * value_piece_bytes + 3);
  const Version written = store.put("key", bytes, {.metadata = metadata("1")});
  StoredValue value = std::move(*store.open("key").value());

  void expect_whole() {
    EXPECT_EQ(value.head, (Head{written, {}, metadata("1"), bytes.size()}));
    EXPECT_TRUE(run(read_to_end(std::move(value))).value() == bytes);
  }
};
INSTANTIATE_TEST_SUITE_P(Every, EngineReader, testing::ValuesIn(every_engine), name_of);

TEST_P(EngineReader, KeepsItsBytesWhileTheKeyIsOverwritten) {
  store.put("key", some_bytes(bytes.size(), 2));
  store.put("key", "small");

  expect_whole();
}

TEST_P(EngineReader, KeepsItsBytesWhileTheKeyIsDeleted) {
  store.remove("key");

  expect_whole();
}

TEST_P(EngineReader, KeepsItsBytesWhileTheNamespaceIsRemoved) {
  run(engine->remove_namespace(store.id())).value();

  expect_whole();
}

TEST_P(EngineReader, KeepsItsBytesWhenTheOverwriteComesBetweenTwoReads) {
  std::string seen(value.bytes.view());
  seen += run(value.rest->read()).value();
  store.put("key", "small");

  for (auto piece = run(value.rest->read()).value(); !piece.empty();
       piece = run(value.rest->read()).value()) {
    seen += piece;
  }

  EXPECT_TRUE(seen == bytes);
}

TEST_P(EngineReader, MayStopBeforeTheEnd) {
  run(value.rest->read()).value();
  value.rest.reset();

  EXPECT_TRUE(store.get("key")->bytes == bytes);
}

}  // namespace
}  // namespace cubby
