#include "store/rocksdb_garbage.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "tests/support/fresh_directory.hpp"

namespace cubby {
namespace {

class RocksDbGarbageTest : public testing::Test {
 protected:
  // A value file that no head names, as an overwrite leaves it.
  BodyRef lost_file() {
    const BodyId id = make_body_id(1, next_++);
    std::string piece = "the value";
    auto writer = ValueFileWriter::create(files, id).value();
    EXPECT_TRUE(writer.append(piece));
    EXPECT_TRUE(writer.sync());
    remember({id, BodyRef::Place::file});
    return {id, BodyRef::Place::file};
  }

  BodyRef lost_row() {
    const BodyId id = make_body_id(1, next_++);
    EXPECT_TRUE(store->db().Put({}, store->values(), rows::value(ns, id), "the value").ok());
    remember({id, BodyRef::Place::row});
    return {id, BodyRef::Place::row};
  }

  bool has_file(const BodyRef& body) { return std::filesystem::exists(files.path_of(body.id)); }
  bool is_remembered(const BodyRef& body) {
    std::string ignored;
    return store->db().Get({}, store->garbage(), rows::body(body.id), &ignored).ok();
  }

  FreshDirectory directory;
  std::unique_ptr<RocksDbStore> store =
      RocksDbStore::open({.data_directory = directory.path(), .cache_bytes = 1 << 20}).value();
  ValueFiles files{store->value_folder(), store->file_system()};
  RocksDbGarbage garbage{*store, files};
  const NamespaceId ns = NamespaceId::random();

 private:
  void remember(const BodyRef& body) {
    const std::string row = rows::body(body.id);
    EXPECT_TRUE(store->db().Put({}, store->garbage(), row, encode_garbage(body.place, ns, row)).ok());
  }

  std::uint64_t next_ = 0;
};

TEST_F(RocksDbGarbageTest, WithoutAHoldAFileGoesAtOnceAndItsRowWithIt) {
  const BodyRef file = lost_file();
  ASSERT_TRUE(garbage.remove(ns, {file}));
  EXPECT_FALSE(has_file(file));
  EXPECT_FALSE(is_remembered(file));
}

TEST_F(RocksDbGarbageTest, AHoldKeepsFilesUntilItEnds) {
  const BodyRef before = lost_file();
  const BodyRef during = lost_file();
  {
    const RocksDbGarbage::FileHold hold(garbage);
    ASSERT_TRUE(garbage.remove(ns, {before}));
    ASSERT_TRUE(garbage.remove(ns, {during}));
    EXPECT_TRUE(has_file(before));
    EXPECT_TRUE(has_file(during));
    // A crash now forgets neither.
    EXPECT_TRUE(is_remembered(before));
    EXPECT_TRUE(is_remembered(during));
  }
  EXPECT_FALSE(has_file(before));
  EXPECT_FALSE(has_file(during));
  EXPECT_FALSE(is_remembered(before));
  EXPECT_FALSE(is_remembered(during));
}

TEST_F(RocksDbGarbageTest, TheLastOfSeveralHoldsLetsGo) {
  const BodyRef file = lost_file();
  std::optional<RocksDbGarbage::FileHold> first;
  std::optional<RocksDbGarbage::FileHold> second;
  first.emplace(garbage);
  second.emplace(garbage);
  ASSERT_TRUE(garbage.remove(ns, {file}));
  first.reset();
  EXPECT_TRUE(has_file(file));
  second.reset();
  EXPECT_FALSE(has_file(file));
}

TEST_F(RocksDbGarbageTest, RowsAreNotHeld) {
  const BodyRef row = lost_row();
  const RocksDbGarbage::FileHold hold(garbage);
  ASSERT_TRUE(garbage.remove(ns, {row}));
  std::string ignored;
  EXPECT_TRUE(store->db().Get({}, store->values(), rows::value(ns, row.id), &ignored).IsNotFound());
  EXPECT_FALSE(is_remembered(row));
}

TEST_F(RocksDbGarbageTest, CollectionOfWhatEarlierStartsHaveLeftWaitsForTheHold) {
  const BodyRef file = lost_file();
  {
    const RocksDbGarbage::FileHold hold(garbage);
    EXPECT_TRUE(garbage.collect_some(2).value());
    EXPECT_TRUE(has_file(file));
    EXPECT_TRUE(is_remembered(file));
  }
  while (!garbage.collect_some(2).value()) {
  }
  EXPECT_FALSE(has_file(file));
  EXPECT_FALSE(is_remembered(file));
}

TEST_F(RocksDbGarbageTest, ADamagedRowHidesNoOthers) {
  const std::string damaged = rows::body(make_body_id(0, 1));  // before all others
  ASSERT_TRUE(store->db().Put({}, store->garbage(), damaged, "?").ok());
  const BodyRef file = lost_file();

  while (!garbage.collect_some(2).value()) {
  }

  EXPECT_FALSE(has_file(file));
  EXPECT_FALSE(is_remembered(file));
}

// As a backup has it, which makes no folder of a start without values.
TEST_F(RocksDbGarbageTest, AFileThatIsGoneWithItsFolderIsForgotten) {
  const BodyRef file = lost_file();
  std::filesystem::remove_all(files.path_of(file.id).parent_path());

  while (!garbage.collect_some(2).value()) {
  }

  EXPECT_FALSE(is_remembered(file));
}

}  // namespace
}  // namespace cubby
