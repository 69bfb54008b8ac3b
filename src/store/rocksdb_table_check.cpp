#include "store/rocksdb_table_check.hpp"

#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>

namespace cubby {
namespace {

namespace fs = std::filesystem;

rocksdb::Status check(const fs::path& table, TableCheck how) {
  rocksdb::SstFileReader reader{rocksdb::Options()};
  auto status = reader.Open(table.string());
  if (status.ok() && how == TableCheck::checksums) status = reader.VerifyChecksum();
  return status;
}

std::vector<fs::path> tables_in(const fs::path& folder) {
  std::vector<fs::path> tables;
  std::error_code error;
  for (const auto& each : fs::directory_iterator(folder, error)) {
    if (each.path().extension() == ".sst") tables.push_back(each.path());
  }
  std::sort(tables.begin(), tables.end());
  return tables;
}

}  // namespace

std::vector<std::string> damaged_tables(const fs::path& folder, TableCheck how) {
  std::vector<std::string> damaged;
  for (const fs::path& table : tables_in(folder)) {
    const auto status = check(table, how);
    if (!status.ok() && fs::exists(table)) damaged.push_back(table.string() + ": " + status.ToString());
  }
  return damaged;
}

Error naming_tables(Error error, const fs::path& folder) {
  const bool is_damage =
      error.code == Errc::storage_corrupt || error.argument.find("Corruption") != std::string::npos;
  if (!is_damage || error.argument.find(".sst") != std::string::npos) return error;
  for (const std::string& each : damaged_tables(folder, TableCheck::opening)) error.argument += "; " + each;
  return error;
}

}  // namespace cubby
