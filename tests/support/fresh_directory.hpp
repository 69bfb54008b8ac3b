// A directory of a test's own.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cctype>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>

namespace cubby {

// New and empty, under the system's directory for temporary files. At the end it is removed; if the test has
// failed, it is kept and its path printed. Make it before what uses it, so that it ends last.
class FreshDirectory {
 public:
  FreshDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / ("cubby-" + test_name() + "-XXXXXX");
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), "cannot make " + pattern);
    }
    path_ = pattern;
  }

  ~FreshDirectory() {
    if (testing::Test::HasFailure() || std::uncaught_exceptions() > 0) {
      std::cerr << "kept for a look: " << path_.string() << std::endl;
      return;
    }
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  FreshDirectory(const FreshDirectory&) = delete;
  FreshDirectory& operator=(const FreshDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  static std::string test_name() {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = test ? std::string(test->test_suite_name()) + "." + test->name() : "no-test";
    for (char& c : name) {
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.') c = '_';
    }
    return name;
  }

  std::filesystem::path path_;
};

}  // namespace cubby
