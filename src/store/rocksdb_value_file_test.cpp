#include "store/rocksdb_value_file.hpp"

#include <gtest/gtest.h>

#include "tests/support/fresh_directory.hpp"

namespace cubby {
namespace {

// Cannot open one folder, as long as it is told so.
class FileSystemWithoutFolder final : public rocksdb::FileSystemWrapper {
 public:
  explicit FileSystemWithoutFolder(std::string folder)
      : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()), folder_(std::move(folder)) {}
  const char* Name() const override { return "FileSystemWithoutFolder"; }

  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* context) override {
    if (name == folder_ && fails) return rocksdb::IOStatus::IOError(name);
    return target()->NewDirectory(name, options, result, context);
  }

  bool fails = true;

 private:
  const std::string folder_;
};

// The folder is there then, and another thread could write into it before its name is durable.
TEST(ValueFilesTest, NoFileIsMadeInAFolderWhoseNameMayBeLost) {
  const FreshDirectory directory;
  const auto folder = directory.path() / "values";
  const auto file_system = std::make_shared<FileSystemWithoutFolder>(folder.string());
  ValueFiles files(folder, file_system);

  EXPECT_FALSE(ValueFileWriter::create(files, make_body_id(1, 1)));
  EXPECT_FALSE(ValueFileWriter::create(files, make_body_id(1, 2)));
  file_system->fails = false;
  EXPECT_TRUE(ValueFileWriter::create(files, make_body_id(1, 3)));

  std::filesystem::remove_all(folder);  // by somebody else
  EXPECT_TRUE(ValueFileWriter::create(files, make_body_id(1, 4)));
}

}  // namespace
}  // namespace cubby
