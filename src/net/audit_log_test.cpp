#include "net/audit_log.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "tests/support/fresh_directory.hpp"
#include "tests/support/manual_clock.hpp"

namespace cubby {
namespace {

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class AuditLogFile : public testing::Test {
 protected:
  std::unique_ptr<AuditLog> open() {
    return AuditLog::open({.file = path("audit.jsonl"), .has_reads = false}, clock_).value();
  }

  void add(AuditLog& log, std::string_view key = "a%20key") const {
    AuditedCall call{.grant = &grant_, .operation = "put", .key_segment = key};
    call.account = AccountId::parse("acc0acc0acc0acc0acc0acc0acc0acc0");
    call.namespace_id = NamespaceId::parse("5ace5ace5ace5ace5ace5ace5ace5ace");
    RequestHead head;
    head.request_id = "r-1";
    log.add(call, head, Address::parse("192.0.2.1"), Dialect::rest, 200);
  }

  // The thread writes when it likes.
  static void wait_for(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    ASSERT_TRUE(condition());
  }

  std::filesystem::path path(const char* name) const { return folder_.path() / name; }
  static std::size_t lines_in(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  FreshDirectory folder_;
  ManualClock clock_;
  const Grant grant_{
      TokenId::parse("0123456789abcdef0123456789abcdef").value(), "ci \"1\"", Right::write, {}, {}};
};

TEST_F(AuditLogFile, ALineSaysWhoDidWhatToWhat) {
  add(*open());
  EXPECT_EQ(
      content_of(path("audit.jsonl")),
      R"({"time":"2027-01-15T08:00:00.000Z","request_id":"r-1","address":"192.0.2.1",)"
      R"("token_id":"0123456789abcdef0123456789abcdef","token":"ci \"1\"","dialect":"rest","operation":"put",)"
      R"("account_id":"acc0acc0acc0acc0acc0acc0acc0acc0","namespace_id":"5ace5ace5ace5ace5ace5ace5ace5ace",)"
      R"("key":"a key","status":200})"
      "\n");
  struct stat state {};
  ASSERT_EQ(::stat(path("audit.jsonl").c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0600u);
}

TEST_F(AuditLogFile, IsAddedTo) {
  add(*open());
  add(*open());
  EXPECT_EQ(lines_in(content_of(path("audit.jsonl"))), 2u);
}

TEST_F(AuditLogFile, WhatFollowsAReopeningGoesToANewFile) {
  const auto log = open();
  add(*log, "first");
  wait_for([&] { return lines_in(content_of(path("audit.jsonl"))) == 1; });
  std::filesystem::rename(path("audit.jsonl"), path("audit.1"));
  add(*log, "second");
  wait_for([&] { return lines_in(content_of(path("audit.1"))) == 2; });
  log->reopen();
  wait_for([&] { return std::filesystem::exists(path("audit.jsonl")); });
  add(*log, "third");
  wait_for([&] { return content_of(path("audit.jsonl")).find(R"("key":"third")") != std::string::npos; });
  EXPECT_EQ(lines_in(content_of(path("audit.1"))), 2u);
}

TEST_F(AuditLogFile, LinesWaitForAFullDiskAndThoseThatAreLostAreCounted) {
  std::filesystem::create_symlink("/dev/full", path("audit.jsonl"));
  std::size_t sent = 0;
  {
    const auto log = open();
    const std::size_t line_bytes = 300;
    for (; sent < 2 * limits::audit_waiting_bytes_max / line_bytes; ++sent) add(*log);
    std::filesystem::remove(path("audit.jsonl"));
    log->reopen();
    wait_for([&] { return std::filesystem::exists(path("audit.jsonl")); });
  }
  const std::string text = content_of(path("audit.jsonl"));
  const auto lost_at = text.find(R"("lost":)");
  ASSERT_NE(lost_at, std::string::npos);
  const std::size_t lost = std::stoul(text.substr(lost_at + 7));
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(lines_in(text), sent - lost + 1);
}

TEST_F(AuditLogFile, AFileThatCannotBeOpenedIsNamed) {
  const auto opened = AuditLog::open({.file = path("nowhere") / "audit.jsonl"}, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().argument, "cannot open the audit log " +
                                         (path("nowhere") / "audit.jsonl").string() +
                                         ": No such file or directory");
}

}  // namespace
}  // namespace cubby
