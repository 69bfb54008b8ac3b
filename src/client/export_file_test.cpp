#include "client/export_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "client/import_file.hpp"
#include "tests/support/fresh_directory.hpp"

namespace cubby::client {
namespace {

class ExportFileTest : public testing::TestWithParam<FileFormat> {
 protected:
  // Two chunks of `id`, and if it is to be, the end.
  std::string write_whole() {
    auto file = ExportFile::open(path_, GetParam(), "p", std::nullopt);
    EXPECT_TRUE(file);
    EXPECT_TRUE(file->begin_namespace({.id = id_, .title = "t"}));
    add_chunk(*file, {"pa", "pb"}, {"", "pb"});
    add_chunk(*file, {"pc"}, {"next", "pc"});
    EXPECT_TRUE(file->end_namespace());
    EXPECT_TRUE(file->finish());
    return read();
  }

  void add_chunk(ExportFile& file, const std::vector<std::string>& keys, const Position& position) {
    std::string text;
    for (const std::string& key : keys) append_export_pair(text, {key, "value\xFF of " + key}, GetParam());
    EXPECT_TRUE(file.write(text));
    EXPECT_TRUE(file.end_chunk(keys.size(), position));
  }

  std::string read() {
    std::ostringstream text;
    text << std::ifstream(path_, std::ios::binary).rdbuf();
    return text.str();
  }
  void put(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }
  bool is_lines() const { return GetParam() == FileFormat::jsonl; }

  FreshDirectory directory_;
  const std::string path_ = (directory_.path() / "export").string();
  const std::string id_ = std::string(32, 'a');
};

TEST_P(ExportFileTest, IsReadBackWhole) {
  write_whole();
  const auto state = read_export_state(path_, GetParam());
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->is_complete);
  const auto summary = inspect_import(path_, false, Instant{});
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->pairs, 3u);
  EXPECT_EQ(summary->namespaces.size(), is_lines() ? 1u : 0u);
  EXPECT_FALSE(ExportFile::open(path_, GetParam(), "p", std::nullopt));
}

// Wherever it was cut, what is written behind the good part makes the same file again.
TEST_P(ExportFileTest, GoesOnFromWhereverItWasCut) {
  const std::string whole = write_whole();
  const std::vector<std::string> keys{"pa", "pb", "pc"};
  for (std::size_t length = 0; length < whole.size(); length += 5) {
    put(whole.substr(0, length));
    const auto state = read_export_state(path_, GetParam());
    ASSERT_TRUE(state) << length << ": " << state.error().message;
    if (state->is_complete) continue;  // the array has its bracket, and lacks a line feed
    {
      auto file = ExportFile::open(path_, GetParam(), "p", *state);
      ASSERT_TRUE(file);
      if (state->namespaces.empty()) {
        EXPECT_TRUE(file->begin_namespace({.id = id_, .title = "t"}));
      }
      if (state->keys < 2) {
        const std::size_t known = state->keys;
        add_chunk(*file, {keys.begin() + static_cast<std::ptrdiff_t>(known), keys.begin() + 2}, {"", "pb"});
      }
      if (state->keys < 3) add_chunk(*file, {"pc"}, {"next", "pc"});
      if (!state->is_last_finished) {
        EXPECT_TRUE(file->end_namespace());
      }
      EXPECT_TRUE(file->finish());
    }
    EXPECT_EQ(read(), whole) << length;
  }
}

TEST_P(ExportFileTest, KnowsHowFarItHasCome) {
  const std::string whole = write_whole();
  put(whole.substr(0, whole.find(R"({"key":"pc")") + 5));
  const auto state = read_export_state(path_, GetParam());
  ASSERT_TRUE(state);
  EXPECT_EQ(state->position, (Position{"", "pb"}));
  EXPECT_EQ(state->keys, 2u);
  EXPECT_FALSE(state->is_complete);
}

TEST_P(ExportFileTest, NoByteCanBeChangedUnseen) {
  if (!is_lines()) return;  // an array has no checksums
  const std::string whole = write_whole();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    put(damaged);
    EXPECT_FALSE(inspect_import(path_, false, Instant{})) << at << " of " << damaged;
  }
}

TEST_P(ExportFileTest, WhatIsNoExportIsNotGoneOnWith) {
  for (const char* const text :
       {"hello\n", "{\"key\":\"a\",\"value\":\"v\"}\n", "{\"cubby_export\":2}\n", "[1]\n"}) {
    put(text);
    EXPECT_FALSE(read_export_state(path_, GetParam())) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ExportFileTest, testing::Values(FileFormat::jsonl, FileFormat::wrangler));

}  // namespace
}  // namespace cubby::client
