// `cubby check`: it finds nothing in a whole directory, and every damage that is made.
#include "store/rocksdb_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "store/rocksdb_store.hpp"
#include "tests/support/engine_fixture.hpp"
#include "tests/support/rocksdb_rows.hpp"

namespace cubby {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckTest : public testing::Test {
 protected:
  FreshDirectory directory;
  const std::filesystem::path& data = directory.path();
  const NamespaceId id = write();
  std::vector<std::string> findings;

  NamespaceId write() {
    const auto engine = open_rocksdb(data).value();
    const Store store = new_store(*engine);
    store.put("small", "x", {.metadata = metadata("1"), .expiration = t0 + 60s});
    store.put("middle", some_bytes(5000));
    store.put("large", some_bytes(2 * limits::value_piece_bytes + 9));
    store.put("overwritten", some_bytes(300'000));
    store.put("overwritten", "y");
    return store.id();
  }

  CheckReport check(bool repairs_usage = false) {
    findings.clear();
    return check_data_directory({data, repairs_usage},
                                [&](const std::string& each) { findings.push_back(each); })
        .value();
  }

  void change_rows(const std::function<void(RocksDbRows&)>& change) {
    RocksDbRows rows(data, RocksDbRows::Access::write);
    change(rows);
  }

  static void flip_first(RocksDbRows& rows, const std::string& family) {
    auto [row, value] = *rows.of(family).begin();
    value[0] = static_cast<char>(value[0] ^ 0x40);
    rows.put(family, row, value);
  }
};

TEST_F(CheckTest, FindsNothingInAWholeDirectory) {
  const CheckReport report = check();

  EXPECT_THAT(findings, IsEmpty());
  EXPECT_EQ(report.namespaces, 1u);
  EXPECT_EQ(report.keys, 4u);
  EXPECT_EQ(report.damaged + report.orphans, 0u);
}

TEST_F(CheckTest, FindsNothingInADirectoryWithoutValues) {
  const FreshDirectory empty;
  open_rocksdb(empty.path()).value().reset();

  EXPECT_EQ(
      check_data_directory({empty.path()}, [](const std::string& each) { FAIL() << each; }).value().damaged,
      0u);
}

TEST_F(CheckTest, MakesNoDirectory) {
  const auto report = check_data_directory({data / "none"}, [](const std::string&) {});

  EXPECT_EQ(report.error().code, Errc::storage_failed);
  EXPECT_FALSE(std::filesystem::exists(data / "none"));
}

TEST_F(CheckTest, IsRefusedWhileAServerHasTheDirectory) {
  const auto engine = open_rocksdb(data).value();

  EXPECT_THAT(check_data_directory({data}, [](const std::string&) {}).error().argument, HasSubstr("in use"));
}

TEST_F(CheckTest, NamesADamagedHead) {
  change_rows([](RocksDbRows& rows) { flip_first(rows, "heads"); });

  EXPECT_GE(check().damaged, 1u);
  EXPECT_THAT(findings, testing::Contains(HasSubstr("damaged: key \"large\"")));
}

TEST_F(CheckTest, NamesADamagedValueRow) {
  change_rows([](RocksDbRows& rows) { flip_first(rows, "values"); });

  EXPECT_EQ(check().damaged, 1u);
  EXPECT_THAT(findings, ElementsAre(HasSubstr("the value of key \"middle\"")));
}

TEST_F(CheckTest, NamesADamagedAndAMissingValueFile) {
  const auto file = value_files(data).at(0);
  {
    std::fstream content(file, std::ios::in | std::ios::out | std::ios::binary);
    content.seekp(300'000);
    content.put('!');
  }
  EXPECT_EQ(check().damaged, 1u);
  EXPECT_THAT(findings, ElementsAre(testing::AllOf(HasSubstr("key \"large\""), HasSubstr(file.string()))));

  std::filesystem::remove(file);
  EXPECT_EQ(check().damaged, 1u);
  EXPECT_THAT(findings, ElementsAre(HasSubstr("is missing")));
}

TEST_F(CheckTest, NamesAHeadWhoseExpirationIsNotIndexed) {
  change_rows([](RocksDbRows& rows) { rows.erase("expiry", rows.of("expiry").begin()->first); });

  EXPECT_EQ(check().damaged, 1u);
  EXPECT_THAT(findings, ElementsAre(HasSubstr("key \"small\"")));
}

TEST_F(CheckTest, NamesDamagedJobs) {
  change_rows([&](RocksDbRows& rows) {
    rows.put("removals", std::string(NamespaceId::random().view()), "?");
    rows.put("garbage", rows::body(make_body_id(1, 99)), "?");
  });

  EXPECT_EQ(check().damaged, 2u);
  EXPECT_THAT(findings, ElementsAre(HasSubstr("the removal of namespace"), HasSubstr("garbage")));
}

TEST_F(CheckTest, FindsTheRowOfAFileThatNoHeadNames) {
  const std::string row = rows::body(make_body_id(1, 99));
  std::string bytes = rows::head(id, "no such key");
  seal(bytes, row);
  change_rows([&](RocksDbRows& rows) { rows.put("files", row, bytes); });

  EXPECT_EQ(check().orphans, 1u);
  EXPECT_THAT(findings, ElementsAre(HasSubstr("file for key \"no such key\"")));

  change_rows([&](RocksDbRows& rows) { rows.put("files", row, "?"); });
  EXPECT_EQ(check().damaged, 1u);
}

TEST_F(CheckTest, NamesADamagedCatalog) {
  change_rows([](RocksDbRows& rows) { flip_first(rows, "catalog"); });

  EXPECT_GE(check().damaged, 1u);
}

TEST_F(CheckTest, CountsUsageAnewAndRepairsItWhenAsked) {
  change_rows([](RocksDbRows& rows) { flip_first(rows, "usage"); });
  EXPECT_EQ(check().damaged, 1u);
  EXPECT_THAT(findings, ElementsAre(HasSubstr("usage of namespace " + id.text())));

  EXPECT_EQ(check(/*repairs_usage=*/true).repaired, 1u);

  EXPECT_EQ(check().damaged, 0u);
  const auto engine = open_rocksdb(data).value();
  EXPECT_EQ(Store(*engine, id).usage(t0 + 60s).keys, 3u);
}

TEST_F(CheckTest, UsageAfterTheOverwriteOfADamagedHeadIsRepaired) {
  change_rows([](RocksDbRows& rows) { flip_first(rows, "heads"); });
  {
    const auto engine = open_rocksdb(data).value();
    Store(*engine, id).put("large", "new");
  }
  EXPECT_EQ(check().damaged, 1u);
  EXPECT_GE(check(true).repaired, 1u);
  EXPECT_EQ(check().damaged, 0u);
}

TEST_F(CheckTest, OrphansAreNoDamage) {
  std::ofstream(value_files(data).at(0).parent_path() / "00000fffff") << "left behind";
  change_rows([](RocksDbRows& rows) {
    rows.put("values", std::string(24, 'v'), "nobody's");
    rows.put("expiry", std::string(30, 'e'), "");
    rows.put("usage", std::string(16, 'u'), "");
  });

  const CheckReport report = check();

  EXPECT_EQ(report.damaged, 0u);
  EXPECT_EQ(report.orphans, 4u);
  EXPECT_EQ(findings.size(), 4u);
}

}  // namespace
}  // namespace cubby
