// What only the RocksDB engine can promise: that everything is there again after it was closed, and that
// nothing is left of what is gone. Damage: rocksdb_damage_test.cpp; crashes: crash_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include "store/rocksdb_backup_folder.hpp"
#include "tests/support/engine_fixture.hpp"
#include "tests/support/rocksdb_rows.hpp"

namespace cubby {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr std::size_t piece = limits::value_piece_bytes;

class RocksDbEngineTest : public testing::Test {
 protected:
  FreshDirectory directory;
  std::unique_ptr<Engine> engine = open_rocksdb(directory.path()).value();
  Store store = new_store(*engine);

  void reopen() {
    engine.reset();
    engine = open_rocksdb(directory.path()).value();
    store = Store(*engine, store.id());
  }

  // What is on the disk once nothing is left to do, by family; "value files" are no family.
  std::map<std::string, std::size_t> stored() {
    engine.reset();
    settle(directory.path());
    std::map<std::string, std::size_t> counts{{"value files", value_files(directory.path()).size()}};
    const RocksDbRows rows(directory.path());
    for (const char* family :
         {"heads", "values", "files", "garbage", "expiry", "usage", "catalog", "removals"}) {
      counts[family] = rows.of(family).size();
    }
    std::erase_if(counts, [](const auto& each) { return each.second == 0; });
    return counts;
  }
};

// ---- Backups

TEST_F(RocksDbEngineTest, BackupsThatAreAskedForAtOnceAreMadeOneAfterTheOther) {
  store.put("key", "value");
  const FreshDirectory folder;
  std::vector<std::future<void>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::async(std::launch::async, [&] {
      for (int k = 0; k < 4; ++k) {
        const auto made = run(engine->back_up(folder.path() / "backups", 1));
        EXPECT_TRUE(made) << made.error().argument;
      }
    }));
  }
  for (auto& each : clients) each.get();
  EXPECT_EQ(run(engine->backups(folder.path() / "backups")).value().size(), 1u);
}

TEST_F(RocksDbEngineTest, ABackupIsRefusedForNowWhereAnotherProcessHasTheFolder) {
  const FreshDirectory folder;
  {
    const auto lock = BackupFolderLock::take(folder.path(), BackupFolderLock::Kind::exclusive);
    ASSERT_TRUE(lock);
    const auto made = run(engine->back_up(folder.path(), 1));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::overloaded);
  }
  EXPECT_TRUE(run(engine->back_up(folder.path(), 1)));
}

TEST_F(RocksDbEngineTest, ABackupIsMadeThoughAnOlderOneIsDamaged) {
  store.put("key", std::string(piece + 1, 'v'));
  const FreshDirectory folder;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run(engine->back_up(folder.path(), 3)));
  {
    std::fstream set(backup_set_path(folder.path(), 3), std::ios::in | std::ios::out | std::ios::binary);
    set.put('?');
  }
  const auto made = run(engine->back_up(folder.path(), 3));
  ASSERT_TRUE(made) << made.error().argument;
  EXPECT_EQ(made->id, 4u);
  ASSERT_TRUE(made->not_pruned);
  EXPECT_EQ(made->not_pruned->code, Errc::storage_corrupt);
  EXPECT_EQ(run(engine->backups(folder.path())).value().size(), 3u);
}

TEST_F(RocksDbEngineTest, ABackupThatFailsLeavesNothingBehind) {
  store.put("key", std::string(piece + 1, 'v'));
  const auto files = value_files(directory.path());
  ASSERT_EQ(files.size(), 1u);
  std::fstream(*files.begin(), std::ios::in | std::ios::out | std::ios::binary).put('?');
  const FreshDirectory folder;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(run(engine->back_up(folder.path(), 0)));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "db" / "meta"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "db" / "private"));
}

TEST_F(RocksDbEngineTest, BackupsThatCannotBeListedAreNotTakenForUnfinished) {
  store.put("key", "value");
  const FreshDirectory folder;
  ASSERT_TRUE(run(engine->back_up(folder.path(), 0)));
  const auto sets = backup_sets_path(folder.path());
  std::filesystem::rename(sets, folder.path() / "away");
  std::ofstream(sets) << "no directory";
  EXPECT_FALSE(run(engine->backups(folder.path())));
  EXPECT_FALSE(prune_backups(folder.path(), 7));
  std::filesystem::remove(sets);
  std::filesystem::rename(folder.path() / "away", sets);
  EXPECT_EQ(verify_backups(folder.path(), std::nullopt, [](const std::string&) {}).value(), 0u);
}

TEST_F(RocksDbEngineTest, ABackupThatTakesLongKeepsNobodyFromTheDisk) {
  engine.reset();
  engine = open_rocksdb_engine({.data_directory = directory.path(), .storage_threads = 1}).value();
  store = Store(*engine, store.id());
  store.put("key", std::string(piece + 1, 'v'));
  const FreshDirectory folder;
  // What RocksDB reads of an older backup, which does not come until the end of this test.
  const auto older = folder.path() / "db" / "meta" / "1";
  std::filesystem::create_directories(older.parent_path());
  ASSERT_EQ(::mkfifo(older.c_str(), 0600), 0);
  auto backup = std::async(std::launch::async, [&] { return run(engine->back_up(folder.path(), 0)); });
  int writer = -1;
  while ((writer = ::open(older.c_str(), O_WRONLY | O_NONBLOCK)) < 0) {
    ASSERT_EQ(errno, ENXIO);
    ASSERT_EQ(backup.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    std::this_thread::yield();
  }
  auto reader = std::async(std::launch::async, [&] { return store.get("key")->bytes.size(); });
  const auto read = reader.wait_for(std::chrono::seconds(30));
  EXPECT_EQ(backup.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  std::filesystem::remove(older);  // or whoever opens it next waits too
  ::close(writer);
  EXPECT_EQ(read, std::future_status::ready);
  EXPECT_EQ(reader.get(), piece + 1);
  backup.wait();
}

// ---- Many tables

// RocksDB opens the first sixteen tables when it starts, and the others when they are asked for.
TEST_F(RocksDbEngineTest, TablesThatAreNotOpenYetAreReadAndReplacedLikeOthers) {
  constexpr int keys = 400;
  const auto name = [](int i) { return "key " + std::to_string(1000 + i); };
  for (int i = 0; i < keys; ++i) store.put(name(i), some_bytes(900, static_cast<std::uint64_t>(i)));
  engine.reset();
  {
    RocksDbRows rows(directory.path(), RocksDbRows::Access::write);
    rows.split("heads", 4096);
    ASSERT_GT(rows.tables(), 40u);
  }
  engine = open_rocksdb(directory.path()).value();
  store = Store(*engine, store.id());

  // From the last one: a table that was read is open.
  for (int i = keys; i-- > 0;) {
    if (i % 2 == 0)
      store.put(name(i), "short");
    else
      EXPECT_EQ(store.get(name(i))->bytes, some_bytes(900, static_cast<std::uint64_t>(i)));
  }

  const Usage usage = store.usage();
  EXPECT_EQ(usage.keys, static_cast<std::uint64_t>(keys));
  EXPECT_EQ(usage, run(engine->recount(store.id(), t0)).value());
}

// ---- Close and open again

TEST_F(RocksDbEngineTest, ValuesOfAllSizesSurviveReopening) {
  const std::size_t sizes[] = {0,
                               1,
                               limits::inline_value_bytes_max,
                               limits::inline_value_bytes_max + 1,
                               piece,
                               piece + 1,
                               3 * piece + 5};
  std::vector<Version> versions;
  for (const std::size_t size : sizes) {
    versions.push_back(
        store.put(std::to_string(size), some_bytes(size), {.metadata = metadata(R"({"a":"b"})")}));
  }

  // Twice: first the rows come from the log, then from files.
  for (int time = 0; time < 2; ++time) {
    reopen();
    auto version = versions.begin();
    for (const std::size_t size : sizes) {
      const auto found = store.get(std::to_string(size));
      ASSERT_TRUE(found) << size;
      EXPECT_TRUE(found->bytes == some_bytes(size)) << size;
      EXPECT_EQ(found->head, (Head{*version++, {}, metadata(R"({"a":"b"})"), size}));
    }
  }
}

TEST_F(RocksDbEngineTest, DeletionsAndOverwritesSurviveReopening) {
  store.put("deleted", some_bytes(2 * piece));
  store.put("overwritten", some_bytes(2 * piece));
  reopen();
  store.remove("deleted");
  store.put("overwritten", "new");

  reopen();

  EXPECT_FALSE(store.get("deleted"));
  EXPECT_EQ(store.get("overwritten")->bytes, "new");
}

TEST_F(RocksDbEngineTest, ExpirationSurvivesReopening) {
  store.put("key", "value", {.expiration = t0 + 60s});

  reopen();

  EXPECT_TRUE(store.get("key", t0 + 59s));
  EXPECT_FALSE(store.get("key", t0 + 60s));
}

TEST_F(RocksDbEngineTest, TheOrderOfKeysSurvivesReopening) {
  for (const char* each : {"b", "a", "\xF4\x8F\xBF\xBF", "\x01"}) store.put(each, "x");

  reopen();

  EXPECT_THAT(keys_of(store.scan()), ElementsAre("\x01", "a", "b", "\xF4\x8F\xBF\xBF"));
}

TEST_F(RocksDbEngineTest, VersionsGrowOverReopeningAlsoWhenTheClockWentBack) {
  const Version written = store.put("key", "x");
  const Version removed = store.remove("key");
  EXPECT_GT(removed, written);
  reopen();

  EXPECT_GT(store.put("key", "x", {.at = written_at - 1000s}), removed);
}

TEST_F(RocksDbEngineTest, TheCatalogSurvivesReopening) {
  Namespace each = some_namespace("t\xC3\xA9st");
  each.jurisdiction = Jurisdiction::fedramp;
  each.mode = NamespaceMode::instant;
  const Namespace removed = some_namespace("removed", each.account);
  const Account account{each.account, "an account"};
  const Token limited{TokenId::random(), {1}, "limited", Right::read, each.account, t0, true};
  const Token unlimited{TokenId::random(), {2}, "unlimited", Right::admin, {}, {}, false};
  for (const auto& created : {each, removed}) run(engine->create_namespace(created)).value();
  run(engine->put_account(account)).value();
  for (const auto& token : {limited, unlimited}) run(engine->put_token(token)).value();
  each = run(engine->rename_namespace(each.id, title("renamed"))).value();
  run(engine->remove_namespace(removed.id)).value();

  reopen();

  EXPECT_THAT(run(engine->namespaces(each.account)).value(), ElementsAre(each));
  EXPECT_EQ(run(engine->find_namespace(removed.id)).value(), std::nullopt);
  EXPECT_THAT(run(engine->accounts()).value(), ElementsAre(account));
  EXPECT_EQ(run(engine->find_token(limited.hash)).value(), limited);
  EXPECT_EQ(run(engine->find_token(unlimited.hash)).value(), unlimited);
  EXPECT_EQ(run(engine->create_namespace(some_namespace("renamed", each.account))).error().code,
            Errc::title_taken);
  EXPECT_TRUE(run(engine->create_namespace(some_namespace("t\xC3\xA9st", each.account))).has_value());
}

TEST_F(RocksDbEngineTest, ATokenThatExpiredAtTheEpochStaysExpired) {
  const Token token{TokenId::random(), {1}, "old", Right::read, {}, Instant{}, false};
  run(engine->put_token(token)).value();

  reopen();

  EXPECT_EQ(run(engine->find_token(token.hash)).value(), token);
}

TEST_F(RocksDbEngineTest, AReplacedTokenIsReplacedAfterReopeningToo) {
  Token token{TokenId::random(), {1}, "token", Right::read, {}, {}, false};
  run(engine->put_token(token)).value();
  token.hash = {2};
  run(engine->put_token(token)).value();

  reopen();

  EXPECT_EQ(run(engine->find_token({1})).value(), std::nullopt);
  EXPECT_EQ(run(engine->find_token({2})).value(), token);
}

TEST_F(RocksDbEngineTest, ANamespaceThatWasRemovedIsEmptyAfterReopening) {
  store.put("small", "x");
  store.put("large", some_bytes(2 * piece));
  run(engine->remove_namespace(store.id())).value();

  reopen();

  EXPECT_THAT(keys_of(store.scan()), IsEmpty());
  EXPECT_FALSE(store.get("large"));
}

TEST_F(RocksDbEngineTest, UploadsOfALaterStartNeverTouchValuesOfAnEarlierOne) {
  store.put("before", some_bytes(2 * piece, 1));
  reopen();

  store.put("after", some_bytes(2 * piece, 2));
  store.upload(some_bytes(2 * piece, 3)).reset();
  reopen();

  EXPECT_TRUE(store.get("before")->bytes == some_bytes(2 * piece, 1));
  EXPECT_TRUE(store.get("after")->bytes == some_bytes(2 * piece, 2));
}

TEST_F(RocksDbEngineTest, AFullDiskKeepsNobodyFromReading) {
  store.put("key", "value");
  engine.reset();
  engine =
      open_rocksdb_engine({.data_directory = directory.path(), .disk_reserve_bytes = std::uint64_t{1} << 60})
          .value();
  store = Store(*engine, store.id());

  EXPECT_EQ(store.get("key")->bytes, "value");
  EXPECT_EQ(run(engine->check_writable()).error().code, Errc::storage_full);
}

// In the log, and again in a table.
TEST_F(RocksDbEngineTest, APutNeedsRoomForItselfTwice) {
  engine.reset();
  std::atomic<std::uint64_t> free = limits::MiB + 150'000;
  engine = open_rocksdb_engine({.data_directory = directory.path(),
                                .disk_reserve_bytes = limits::MiB,
                                .measure_disk = [&] { return free.load(); }})
               .value();
  store = Store(*engine, store.id());
  const auto put_many = [&] {
    std::vector<Mutation> mutations;
    for (int i = 0; i < 100; ++i)
      mutations.emplace_back(store.new_put("key" + std::to_string(i), some_bytes(1000)));
    return store.apply(std::move(mutations));
  };
  EXPECT_EQ(put_many().error().code, Errc::storage_full);
  free = limits::MiB + 300'000;
  EXPECT_TRUE(put_many());
}

TEST_F(RocksDbEngineTest, ABackupOnTheDiskOfAStoreWithoutValueFilesLeavesTheReserve) {
  const auto folder = directory.path().parent_path() / (directory.path().filename().string() + "-backups");
  for (const std::uint64_t free : {7 * limits::MiB, 16 * limits::MiB}) {
    engine.reset();
    engine = open_rocksdb_engine({.data_directory = directory.path(),
                                  .disk_reserve_bytes = 8 * limits::MiB,
                                  .measure_disk = [free] { return free; }})
                 .value();
    const auto made = run(engine->back_up(folder, 1));
    const bool has_room = free > 8 * limits::MiB;
    ASSERT_EQ(made.has_value(), has_room);
    EXPECT_TRUE(has_room || made.error().code == Errc::storage_full);
  }
  std::filesystem::remove_all(folder);
}

// ---- Nothing is left of what is gone

TEST_F(RocksDbEngineTest, AValueIsInItsHeadARowOrAFile) {
  store.put("head", some_bytes(limits::inline_value_bytes_max));
  store.put("row", some_bytes(limits::inline_value_bytes_max + 1));
  store.put("larger row", some_bytes(piece));
  store.put("file", some_bytes(piece + 1));

  EXPECT_THAT(stored(), UnorderedElementsAre(Pair("heads", 4), Pair("values", 2), Pair("files", 1),
                                             Pair("value files", 1), Pair("usage", 1), Pair("catalog", 1)));
}

TEST_F(RocksDbEngineTest, NothingIsLeftOfOverwrittenValues) {
  for (const std::size_t size :
       {std::size_t{5000}, 3 * piece, std::size_t{5000}, 2 * piece, std::size_t{1}}) {
    store.put("key", some_bytes(size), {.expiration = t0 + std::chrono::seconds(size)});
  }
  store.put("key", "x");

  EXPECT_THAT(stored(), UnorderedElementsAre(Pair("heads", 1), Pair("usage", 1), Pair("catalog", 1)));
}

TEST_F(RocksDbEngineTest, NothingIsLeftOfDeletedValues) {
  store.put("a", some_bytes(3 * piece), {.expiration = t0 + 60s});
  store.put("b", "x", {.expiration = t0 + 60s});
  store.put("c", some_bytes(5000), {.expiration = t0 + 70s});
  for (const char* each : {"a", "b", "c"}) store.remove(each);

  EXPECT_THAT(stored(), UnorderedElementsAre(Pair("catalog", 1)));
}

TEST_F(RocksDbEngineTest, NothingIsLeftOfSweptValues) {
  store.put("a", some_bytes(3 * piece), {.expiration = t0 + 60s});
  store.put("b", "x", {.expiration = t0 + 60s});
  store.put("c", some_bytes(5000), {.expiration = t0 + 70s});

  EXPECT_EQ(sweep_all(*engine, t0 + 70s), 3u);

  EXPECT_THAT(stored(), UnorderedElementsAre(Pair("catalog", 1)));
}

TEST_F(RocksDbEngineTest, NothingIsLeftOfAValueThatTheSameApplyReplaces) {
  store.put("a", some_bytes(2 * piece));
  std::vector<Mutation> mutations;
  mutations.emplace_back(store.new_put("a", some_bytes(2 * piece), {.expiration = t0 + 60s}));
  mutations.emplace_back(store.new_put("a", some_bytes(5000), {.expiration = t0 + 60s}));
  mutations.emplace_back(store.new_put("a", some_bytes(5001), {.expiration = t0 + 61s}));
  mutations.emplace_back(store.new_put("b", some_bytes(2 * piece)));
  mutations.emplace_back(Delete{key("b")});
  mutations.emplace_back(store.new_put("a", "small"));
  store.apply(std::move(mutations)).value();

  EXPECT_THAT(stored(), UnorderedElementsAre(Pair("heads", 1), Pair("usage", 1), Pair("catalog", 1)));
}

TEST_F(RocksDbEngineTest, NothingIsLeftOfAbandonedUploads) {
  store.upload("small").reset();
  store.upload(some_bytes(5000)).reset();
  store.upload(some_bytes(3 * piece)).reset();
  auto unfinished = engine->begin_upload(store.id());
  run(unfinished->append(some_bytes(2 * piece + 1))).value();
  unfinished.reset();

  EXPECT_THAT(stored(), UnorderedElementsAre(Pair("catalog", 1)));
}

TEST_F(RocksDbEngineTest, NothingIsLeftOfARefusedApply) {
  const Store unknown(*engine, NamespaceId::random());
  std::vector<Mutation> mutations;
  mutations.emplace_back(unknown.new_put("a", some_bytes(2 * piece)));
  mutations.emplace_back(unknown.new_put("b", some_bytes(5000), {.expiration = t0}));
  mutations.emplace_back(unknown.new_put("c", "x"));
  EXPECT_FALSE(unknown.apply(std::move(mutations)).has_value());

  EXPECT_THAT(stored(), UnorderedElementsAre(Pair("catalog", 1)));
}

TEST_F(RocksDbEngineTest, NothingIsLeftOfARemovedNamespace) {
  store.put("large", some_bytes(2 * piece), {.expiration = t0 + 60s});
  store.put("middle", some_bytes(5000));
  store.put("small", "x", {.expiration = t0 + 60s});
  auto going_on = engine->begin_upload(store.id());
  run(going_on->append(some_bytes(2 * piece))).value();
  run(engine->remove_namespace(store.id())).value();
  run(going_on->append(some_bytes(2 * piece))).value();
  going_on.reset();

  EXPECT_THAT(stored(), IsEmpty());
}

TEST_F(RocksDbEngineTest, ANeighbourOfARemovedNamespaceKeepsAllItHas) {
  const Store other = new_store(*engine, "another");
  for (const Store& each : {store, other}) {
    each.put("large", some_bytes(2 * piece), {.expiration = t0 + 60s});
    each.put("middle", some_bytes(5000), {.expiration = t0 + 60s});
  }
  run(engine->remove_namespace(store.id())).value();

  EXPECT_THAT(stored(), UnorderedElementsAre(Pair("heads", 2), Pair("values", 1), Pair("files", 1),
                                             Pair("value files", 1), Pair("expiry", 2), Pair("usage", 2),
                                             Pair("catalog", 1)));
}

TEST_F(RocksDbEngineTest, ARemovedNamespaceOfManyKeysIsGoneAtOnceAndThenFromTheDisk) {
  for (int batch = 0; batch < 3; ++batch) {
    std::vector<Mutation> mutations;
    for (int i = 0; i < 10'000; ++i) {
      const auto expiration = i % 2 ? std::optional(t0 + 60s) : std::nullopt;
      mutations.emplace_back(
          store.new_put(std::to_string(batch * 10'000 + i), "x", {.expiration = expiration}));
    }
    store.apply(std::move(mutations)).value();
  }
  run(engine->remove_namespace(store.id())).value();

  EXPECT_THAT(keys_of(store.scan()), IsEmpty());
  EXPECT_FALSE(store.get("1"));
  EXPECT_EQ(store.usage(), Usage{});
  EXPECT_THAT(stored(), IsEmpty());
}

TEST_F(RocksDbEngineTest, AReaderHoldsNothingBackOnceItIsGone) {
  store.put("key", some_bytes(3 * piece));
  auto value = store.open("key").value();
  store.remove("key");
  EXPECT_TRUE(run(read_to_end(std::move(*value))).value() == some_bytes(3 * piece));
  value.reset();

  EXPECT_THAT(stored(), UnorderedElementsAre(Pair("catalog", 1)));
}

TEST_F(RocksDbEngineTest, ADamagedRemovalKeepsNoOthersFromTheirEnd) {
  std::vector<NamespaceId> removed;
  for (int i = 0; i < 5; ++i) {
    const Store other = new_store(*engine, "n" + std::to_string(i));
    other.put("key", "value");
    removed.push_back(other.id());
  }
  engine.reset();
  {
    RocksDbRows rows(directory.path(), RocksDbRows::Access::write);
    rows.put("removals", std::string(NamespaceId(NamespaceId::Bytes{}).view()), "?");  // before all others
  }
  engine = open_rocksdb(directory.path()).value();
  for (const NamespaceId& each : removed) ASSERT_TRUE(run(engine->remove_namespace(each)));

  // An id can be used again when nothing is left of the namespace that had it.
  for (const NamespaceId& each : removed) {
    Namespace again = some_namespace(each.text());
    again.id = each;
    while (!run(engine->create_namespace(again))) {
    }
  }
  engine.reset();

  const RocksDbRows rows(directory.path());
  EXPECT_THAT(rows.of("heads"), IsEmpty());
  EXPECT_EQ(rows.of("removals").size(), 1u);
}

// ---- Usage

TEST_F(RocksDbEngineTest, UsageSurvivesReopening) {
  store.put("a", some_bytes(5000), {.metadata = metadata("1")});
  store.put("b", "x", {.expiration = t0 + 60s});

  reopen();

  EXPECT_EQ(store.usage(), (Usage{2, 5004}));
  EXPECT_EQ(store.usage(t0 + 60s), (Usage{1, 5002}));
}

TEST_F(RocksDbEngineTest, ASweepAfterReopeningFindsWhatIsDue) {
  store.put("a", "x", {.expiration = t0 + 60s});
  reopen();

  EXPECT_EQ(sweep_all(*engine, t0 + 60s), 1u);
}

}  // namespace
}  // namespace cubby
