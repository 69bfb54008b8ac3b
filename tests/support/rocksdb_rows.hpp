// A data directory of the RocksDB engine, opened without the engine: to see what it left, and to damage it.
#pragma once

#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace cubby {

// The value files of a data directory.
inline std::vector<std::filesystem::path> value_files(const std::filesystem::path& data_directory) {
  std::vector<std::filesystem::path> files;
  std::error_code none;  // there need not be a folder
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_directory / "values", none)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// REQUIRES: the engine that the directory belongs to is closed.
class RocksDbRows {
 public:
  enum class Access { read, write };

  explicit RocksDbRows(const std::filesystem::path& data_directory, Access access = Access::read) {
    const std::string path = data_directory / "db";
    std::vector<std::string> names;
    check(rocksdb::DB::ListColumnFamilies({}, path, &names));
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    check(access == Access::read ? rocksdb::DB::OpenForReadOnly({}, path, families, &handles, &db)
                                 : rocksdb::DB::Open({}, path, families, &handles, &db));
    db_.reset(db);
    for (auto* handle : handles) families_[handle->GetName()] = handle;
  }

  ~RocksDbRows() {
    for (const auto& [name, handle] : families_) db_->DestroyColumnFamilyHandle(handle);
  }

  RocksDbRows(const RocksDbRows&) = delete;
  RocksDbRows& operator=(const RocksDbRows&) = delete;

  using Rows = std::map<std::string, std::string>;
  Rows of(const std::string& family) const {
    Rows rows;
    const std::unique_ptr<rocksdb::Iterator> each(db_->NewIterator({}, families_.at(family)));
    for (each->SeekToFirst(); each->Valid(); each->Next()) {
      rows.emplace(each->key().ToString(), each->value().ToString());
    }
    check(each->status());
    return rows;
  }

  void put(const std::string& family, const std::string& row, const std::string& value) {
    check(db_->Put({}, families_.at(family), row, value));
  }

  // Makes many small tables of the family's rows, as a large store has them.
  void split(const std::string& family, std::size_t table_bytes) {
    auto* const handle = families_.at(family);
    check(db_->SetOptions(handle, {{"target_file_size_base", std::to_string(table_bytes)}}));
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    check(db_->CompactRange(options, handle, nullptr, nullptr));
  }
  std::uint64_t tables() const {
    std::vector<rocksdb::LiveFileMetaData> all;
    db_->GetLiveFilesMetaData(&all);
    return all.size();
  }

  void erase(const std::string& family, const std::string& row) {
    check(db_->Delete({}, families_.at(family), row));
  }

 private:
  static void check(const rocksdb::Status& status) {
    if (!status.ok()) throw std::runtime_error(status.ToString());
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::map<std::string, rocksdb::ColumnFamilyHandle*> families_;
};

}  // namespace cubby
