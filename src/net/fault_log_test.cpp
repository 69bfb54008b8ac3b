#include "net/fault_log.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>

namespace cubby {
namespace {

class FaultLog : public testing::Test {
 protected:
  FaultLog() {
    auto logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(written_));
    logger->set_pattern("%l %v");
    spdlog::set_default_logger(std::move(logger));
  }
  ~FaultLog() override { spdlog::set_default_logger(before_); }

  std::string line_of(const Error& error) {
    RequestHead head;
    head.request_id = "r1";
    log_fault("get", error, head);
    return std::exchange(written_, std::ostringstream()).str();
  }

 private:
  const std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  std::ostringstream written_;
};

TEST_F(FaultLog, NamesWhatWentWrongAndInWhichRequest) {
  EXPECT_EQ(line_of(fail(Errc::storage_corrupt, "row 7")),
            "error get: stored data is damaged; see the server's log: row 7 (request r1)\n");
}

TEST_F(FaultLog, SaysNothingOfWhatTheCallerDidOrManyMeetAtOnce) {
  for (const Errc code : {Errc::key_not_found, Errc::token_refused, Errc::overloaded, Errc::storage_full})
    EXPECT_EQ(line_of(fail(code, "a")), "");
}

}  // namespace
}  // namespace cubby
