#include "app/available_memory.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/fresh_directory.hpp"

namespace cubby {
namespace {

class AvailableMemory : public testing::Test {
 protected:
  void write(const std::filesystem::path& name, const std::string& text) {
    const auto file = directory_.path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  std::uint64_t bytes() const {
    return available_memory_bytes(directory_.path() / "groups", directory_.path() / "membership");
  }

  const FreshDirectory directory_;
  const std::uint64_t machine_ = bytes();
};

TEST_F(AvailableMemory, IsTheMachinesWithoutGroups) {
  EXPECT_GT(machine_, 1 << 20);
  write("membership", "0::/system.slice/cubby.service\n");
  EXPECT_EQ(bytes(), machine_);
}

TEST_F(AvailableMemory, IsThatOfTheServicesGroup) {
  write("membership", "4:memory:/other\n0::/system.slice/cubby.service\n");
  write("groups/system.slice/cubby.service/memory.max", "1000\n");
  write("groups/other/memory.max", "10\n");
  EXPECT_EQ(bytes(), 1000);
}

TEST_F(AvailableMemory, IsTheLeastOfTheGroupsAround) {
  write("membership", "0::/system.slice/cubby.service\n");
  write("groups/system.slice/memory.max", "500\n");
  write("groups/system.slice/cubby.service/memory.max", "max\n");
  EXPECT_EQ(bytes(), 500);
}

// The group that a container sees as the root.
TEST_F(AvailableMemory, IsThatOfTheRootOfAContainer) {
  write("membership", "0::/\n");
  write("groups/memory.max", "700\n");
  EXPECT_EQ(bytes(), 700);
}

TEST_F(AvailableMemory, IsNeverMoreThanTheMachines) {
  write("membership", "0::/\n");
  write("groups/memory.max", "18446744073709551615\n");
  EXPECT_EQ(bytes(), machine_);
}

}  // namespace
}  // namespace cubby
