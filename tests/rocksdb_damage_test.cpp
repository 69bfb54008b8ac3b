// Directories that the RocksDB engine must refuse, and damage that it must notice: wrong bytes are never
// answered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "store/rocksdb_check.hpp"
#include "tests/support/engine_fixture.hpp"
#include "tests/support/rocksdb_rows.hpp"

namespace cubby {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::size_t piece = limits::value_piece_bytes;

std::string content_of(const fs::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

void write_file(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

void flip_byte(std::string& bytes, std::size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
}

// ---- Directories

TEST(RocksDbDirectory, ANewDirectoryIsMade) {
  const FreshDirectory parent;

  ASSERT_TRUE(open_rocksdb(parent.path() / "a" / "b").has_value());

  EXPECT_TRUE(fs::exists(parent.path() / "a" / "b" / "FORMAT"));
}

TEST(RocksDbDirectory, ASecondOpenIsRefused) {
  const FreshDirectory directory;
  const auto first = open_rocksdb(directory.path()).value();

  const Error error = open_rocksdb(directory.path()).error();

  EXPECT_EQ(error.code, Errc::storage_failed);
  EXPECT_THAT(error.argument, HasSubstr("in use by another process"));
  EXPECT_THAT(error.argument, HasSubstr(directory.path().string()));
}

TEST(RocksDbDirectory, ADirectoryWithSomethingElseIsRefusedAndNotTouched) {
  const FreshDirectory directory;
  write_file(directory.path() / "thesis.tex", "precious");

  const Error error = open_rocksdb(directory.path()).error();

  EXPECT_EQ(error.code, Errc::storage_failed);
  EXPECT_THAT(error.argument, HasSubstr("holds no Cubby data"));
  EXPECT_THAT(error.argument, HasSubstr("thesis.tex"));
  EXPECT_FALSE(fs::exists(directory.path() / "db"));
}

TEST(RocksDbDirectory, AnUnknownFormatIsRefusedByItsName) {
  const FreshDirectory directory;
  open_rocksdb(directory.path()).value().reset();
  write_file(directory.path() / "FORMAT", "cubby data format 2\n");

  const Error error = open_rocksdb(directory.path()).error();

  EXPECT_EQ(error.code, Errc::storage_failed);
  EXPECT_THAT(error.argument, HasSubstr("cubby data format 2"));
}

TEST(RocksDbDirectory, AMissingDatabaseIsDamageAndNotAFirstStart) {
  const FreshDirectory directory;
  open_rocksdb(directory.path()).value().reset();
  fs::remove_all(directory.path() / "db");

  const Error error = open_rocksdb(directory.path()).error();

  EXPECT_EQ(error.code, Errc::storage_failed);
  EXPECT_THAT(error.argument, HasSubstr("cannot open the database in " + directory.path().string()));
}

TEST(RocksDbDirectory, AFirstStartThatWasCutShortIsDoneAgain) {
  const FreshDirectory directory;
  open_rocksdb(directory.path()).value().reset();
  fs::remove(directory.path() / "FORMAT");
  write_file(directory.path() / "FORMAT.new", "cub");

  EXPECT_TRUE(open_rocksdb(directory.path()).has_value());
}

TEST(RocksDbDirectory, APathThatIsAFileIsRefused) {
  const FreshDirectory directory;
  write_file(directory.path() / "file", "");

  EXPECT_EQ(open_rocksdb(directory.path() / "file").error().code, Errc::storage_failed);
}

// ---- Damage

// A store with a value in its head, one in a row, one in a file of three pieces, and a catalog; closed.
class RocksDbDamage : public testing::Test {
 protected:
  FreshDirectory directory;
  const fs::path data = directory.path() / "data";
  const fs::path crashed = directory.path() / "crashed";
  const std::string small = some_bytes(500, 1);
  const std::string middle = some_bytes(5000, 3);
  const std::string large = some_bytes(2 * piece + 9, 2);
  const NamespaceId id = write();

  NamespaceId write() {
    const auto engine = open_rocksdb(data).value();
    const Store store = new_store(*engine);
    store.put("small", small, {.metadata = metadata("1")});
    store.put("middle", middle);
    store.put("large", large);
    // As a crash would leave it: everything is in the log.
    fs::copy(data, crashed, fs::copy_options::recursive);
    return store.id();
  }

  // Changes rows below the engine, where RocksDB's own checksums do not see it.
  void change_rows(const std::function<void(RocksDbRows&)>& change) {
    RocksDbRows rows(data, RocksDbRows::Access::write);
    change(rows);
  }

  // What reading `text` answers: the bytes, or the error of the call or of a later piece.
  Result<std::optional<std::string>> read(const Store& store, std::string text) {
    auto value = store.open(std::move(text));
    if (!value) return value.error();
    if (!*value) return std::nullopt;
    auto bytes = run(read_to_end(std::move(**value)));
    if (!bytes) return bytes.error();
    return std::optional(std::move(*bytes));
  }
};

TEST_F(RocksDbDamage, ADamagedHeadIsCorruptForEveryReader) {
  change_rows([](RocksDbRows& rows) {
    for (auto [row, value] : rows.of("heads")) {
      flip_byte(value, value.size() / 2);
      rows.put("heads", row, value);
    }
  });

  const auto engine = open_rocksdb(data).value();
  const Store store(*engine, id);

  EXPECT_EQ(store.open("small").error().code, Errc::storage_corrupt);
  EXPECT_EQ(run(engine->head(id, key("small"), t0)).error().code, Errc::storage_corrupt);
  EXPECT_EQ(run(engine->scan({id, "", "", 10, t0})).error().code, Errc::storage_corrupt);
}

TEST_F(RocksDbDamage, AHeadUnderAnotherKeyIsCorrupt) {
  change_rows([](RocksDbRows& rows) {
    const auto heads = rows.of("heads");
    rows.put("heads", heads.begin()->first, heads.rbegin()->second);
  });

  const auto engine = open_rocksdb(data).value();

  EXPECT_EQ(Store(*engine, id).open("large").error().code, Errc::storage_corrupt);
}

TEST_F(RocksDbDamage, ADamagedOrMissingValueRowIsCorrupt) {
  const std::function<void(RocksDbRows&)> changes[] = {
      [](RocksDbRows& rows) {
        auto [row, value] = *rows.of("values").begin();
        flip_byte(value, 3);
        rows.put("values", row, value);
      },
      [](RocksDbRows& rows) { rows.erase("values", rows.of("values").begin()->first); },
  };
  for (const auto& change : changes) {
    change_rows(change);
    const auto engine = open_rocksdb(data).value();
    EXPECT_EQ(read(Store(*engine, id), "middle").error().code, Errc::storage_corrupt);
    EXPECT_EQ(read(Store(*engine, id), "small").value(), small);
  }
}

TEST_F(RocksDbDamage, ADamagedValueFileIsCorruptWhateverIsWrong) {
  const fs::path file = value_files(data).at(0);
  const std::string right = content_of(file);
  const std::size_t sealed = piece + 8;
  ASSERT_EQ(right.size(), large.size() + 3 * 8);
  std::vector<std::string> damaged{"", right.substr(0, sealed), right.substr(0, right.size() - 1),
                                   right.substr(sealed) + right.substr(0, sealed)};
  for (const std::size_t at : {std::size_t{0}, piece + 1, sealed + 7, 2 * sealed + 3, right.size() - 1}) {
    damaged.push_back(right);
    flip_byte(damaged.back(), at);
  }
  const auto engine = open_rocksdb(data).value();
  for (const std::string& content : damaged) {
    write_file(file, content);
    EXPECT_EQ(read(Store(*engine, id), "large").error().code, Errc::storage_corrupt);
  }
  fs::remove(file);
  EXPECT_EQ(read(Store(*engine, id), "large").error().code, Errc::storage_corrupt);
  write_file(file, right);
  EXPECT_EQ(read(Store(*engine, id), "large").value(), large);
}

TEST_F(RocksDbDamage, AValueFileOfAnotherValueIsCorrupt) {
  const fs::path file = value_files(data).at(0);
  {
    const auto engine = open_rocksdb(data).value();
    Store(*engine, id).put("other", some_bytes(large.size(), 4));
  }
  for (const fs::path& other : value_files(data)) {
    if (other != file) write_file(file, content_of(other));
  }

  const auto engine = open_rocksdb(data).value();

  EXPECT_EQ(read(Store(*engine, id), "large").error().code, Errc::storage_corrupt);
}

TEST_F(RocksDbDamage, ADamagedHeadMayBeOverwrittenAndDeletedAndARecountSetsUsageRight) {
  change_rows([](RocksDbRows& rows) {
    for (auto [row, value] : rows.of("heads")) {
      flip_byte(value, value.size() / 2);
      rows.put("heads", row, value);
    }
  });
  const auto engine = open_rocksdb(data).value();
  const Store store(*engine, id);

  store.put("small", "new");
  store.remove("large");
  store.remove("middle");

  EXPECT_EQ(store.get("small")->bytes, "new");
  EXPECT_FALSE(store.get("large"));
  EXPECT_EQ(run(engine->recount(id, t0)).value(), (Usage{1, 8}));
  EXPECT_EQ(store.usage(), (Usage{1, 8}));
}

TEST_F(RocksDbDamage, ADamagedCounterIsCorruptUntilItIsRecounted) {
  change_rows([](RocksDbRows& rows) {
    auto [row, value] = *rows.of("usage").begin();
    flip_byte(value, 1);
    rows.put("usage", row, value);
  });
  const auto engine = open_rocksdb(data).value();
  const Store store(*engine, id);

  EXPECT_EQ(run(engine->usage(id, t0)).error().code, Errc::storage_corrupt);
  store.put("small", "new");
  const Usage counted = run(engine->recount(id, t0)).value();

  EXPECT_EQ(counted.keys, 3u);
  EXPECT_EQ(store.usage(), counted);
}

TEST_F(RocksDbDamage, ADamagedCatalogOrCounterRefusesToOpen) {
  for (const char* family : {"catalog", "default"}) {
    std::string row;
    std::string value;
    change_rows([&](RocksDbRows& rows) {
      std::tie(row, value) = *rows.of(family).begin();
      std::string wrong = value;
      flip_byte(wrong, 0);
      rows.put(family, row, wrong);
    });

    EXPECT_EQ(open_rocksdb(data).error().code, Errc::storage_corrupt) << family;

    change_rows([&](RocksDbRows& rows) { rows.put(family, row, value); });
  }
}

// Each kind of change of the log's records, by what RocksDB would make of it.
TEST_F(RocksDbDamage, ALogWithADamagedLengthOrTypeIsRefusedByItsName) {
  fs::path log;
  for (const auto& entry : fs::directory_iterator(crashed / "db")) {
    if (entry.path().extension() == ".log" && entry.file_size() > 0) log = entry.path();
  }
  const std::string right = content_of(log);
  // Bytes 4 and 5 of a record are its length, 6 is its type.
  std::vector<std::size_t> records;
  for (std::size_t at = 0; at + 7 < right.size();) {
    records.push_back(at);
    const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(right[at + i])}; };
    at += 7 + (byte(4) | byte(5) << 8);
  }
  ASSERT_GT(records.size(), 3u);
  ASSERT_LT(right.size(), 32u << 10) << "all in one block";
  for (const std::size_t record : {records.front(), records[records.size() - 2], records.back()}) {
    for (const auto& [at, change] : {std::pair(record + 5, 0x40), std::pair(record + 6, 4)}) {
      std::string wrong = right;
      wrong[at] = static_cast<char>(wrong[at] ^ change);
      write_file(log, wrong);

      const auto opened = open_rocksdb(crashed);

      ASSERT_FALSE(opened) << at << " of " << right.size();
      EXPECT_EQ(opened.error().code, Errc::storage_corrupt);
      EXPECT_THAT(opened.error().argument, HasSubstr(log.filename().string() + " is damaged at byte"));
    }
  }
  // Torn, it loses its last record, which nobody was told of.
  write_file(log, right.substr(0, right.size() - 1));
  EXPECT_TRUE(open_rocksdb(crashed));
}

// ---- Tables that cannot be opened

std::vector<fs::path> tables_of(const fs::path& data) {
  std::vector<fs::path> tables;
  for (const auto& entry : fs::directory_iterator(data / "db")) {
    if (entry.path().extension() == ".sst") tables.push_back(entry.path());
  }
  return tables;
}

// What a table says of itself.
void damage_properties(const fs::path& table) {
  std::string content = content_of(table);
  flip_byte(content, content.find("rocksdb.block.based.table"));
  write_file(table, content);
}

TEST_F(RocksDbDamage, ATableThatCannotBeOpenedIsRefusedByItsName) {
  for (const fs::path& table : tables_of(data)) {
    const std::string right = content_of(table);
    damage_properties(table);

    const auto opened = open_rocksdb(data);

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::storage_corrupt);
    EXPECT_THAT(opened.error().argument, HasSubstr(table.filename().string()));
    write_file(table, right);
  }
  EXPECT_TRUE(open_rocksdb(data));
}

// RocksDB opens sixteen at its start, and the others when somebody reads them.
TEST_F(RocksDbDamage, ATableThatCannotBeOpenedLaterIsDamageAndNotACrash) {
  {
    const auto engine = open_rocksdb(data).value();
    const Store store(*engine, id);
    for (int i = 0; i < 120; ++i)
      store.put(std::to_string(i), some_bytes(900, static_cast<std::uint64_t>(i)), {.expiration = t0 + 60s});
  }
  change_rows([](RocksDbRows& rows) { rows.split("heads", 4096); });
  run(open_rocksdb(data).value()->remove_namespace(id)).value();
  ASSERT_GT(tables_of(data).size(), 30u);
  int damaged_later = 0;
  for (const fs::path& table : tables_of(data)) {
    SCOPED_TRACE(table.filename());
    const fs::path copy = directory.path() / "copy";
    fs::remove_all(copy);
    fs::copy(data, copy, fs::copy_options::recursive);
    damage_properties(copy / "db" / table.filename());

    std::string told;
    const auto report =
        check_data_directory({.data_directory = copy}, [&](const std::string& each) { told += each; });

    if (report) {
      EXPECT_GT(report->damaged, 0u);
      ++damaged_later;
    } else {
      told = report.error().argument;
    }
    EXPECT_THAT(told, HasSubstr(table.filename().string()));
  }
  EXPECT_GT(damaged_later, 0);
}

// ---- One byte

// Copies the store, flips one byte of one file, and looks at everything.
class RocksDbFlippedByte : public RocksDbDamage, public testing::WithParamInterface<const char*> {
 protected:
  const fs::path source = GetParam() == std::string(".log") ? crashed : data;

  std::vector<fs::path> files() {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(source / "db")) {
      const bool is_meant = entry.path().filename().string().find(GetParam()) != std::string::npos;
      if (is_meant && entry.file_size() > 0) found.push_back(entry.path().filename());
    }
    return found;
  }

  void expect_right_or_refused(const fs::path& file, std::size_t at) {
    SCOPED_TRACE(file.string() + ", byte " + std::to_string(at));
    const fs::path copy = directory.path() / "copy";
    fs::remove_all(copy);
    fs::copy(source, copy, fs::copy_options::recursive);
    std::string bytes = content_of(copy / "db" / file);
    flip_byte(bytes, at);
    write_file(copy / "db" / file, bytes);

    const auto engine = open_rocksdb(copy);
    if (!engine) {
      EXPECT_TRUE(engine.error().code == Errc::storage_corrupt ||
                  engine.error().code == Errc::storage_failed);
      ++refused;
      return;
    }
    expect_right_or_corrupt(Store(**engine, id));
  }

  void expect_right_or_corrupt(const Store& store) {
    for (const auto& [name, bytes] :
         {std::pair("small", &small), std::pair("middle", &middle), std::pair("large", &large)}) {
      const auto found = read(store, name);
      if (!found) {
        EXPECT_EQ(found.error().code, Errc::storage_corrupt) << name;
        ++refused;
      } else if (*found) {
        EXPECT_TRUE(**found == *bytes) << name;
      } else {
        ++lost;
      }
    }
  }

  int refused = 0;
  int lost = 0;
};

INSTANTIATE_TEST_SUITE_P(File, RocksDbFlippedByte, testing::Values(".sst", ".blob", "MANIFEST", ".log"),
                         [](const auto& file) {
                           std::string name = file.param;
                           std::erase(name, '.');
                           return name;
                         });

TEST_P(RocksDbFlippedByte, IsNoticedOrHarmless) {
  ASSERT_FALSE(files().empty());

  for (const fs::path& file : files()) {
    const std::size_t size = fs::file_size(source / "db" / file);
    const std::size_t flips = 25;
    for (std::size_t i = 0; i < flips; ++i) expect_right_or_refused(file, i * size / flips + i % 7 % size);
  }

  EXPECT_GT(refused, 0);
  EXPECT_EQ(lost, 0);
}

}  // namespace
}  // namespace cubby
