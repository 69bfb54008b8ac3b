#include "app/logging.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <ctime>

#include "core/json_text.hpp"
#include "net/request_log.hpp"

namespace cubby {
namespace {

std::string time_text(spdlog::log_clock::time_point time) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(milliseconds % 1000));
  return std::string(text) + fraction;
}

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    const std::string_view payload(message.payload.data(), message.payload.size());
    const auto level = spdlog::level::to_string_view(message.level);
    std::string text = "{\"time\":\"" + time_text(message.time) + "\",\"level\":\"";
    text.append(level.data(), level.size());
    text += "\",";
    const bool is_members =
        std::string_view(message.logger_name.data(), message.logger_name.size()) == request_logger;
    text += is_members ? std::string(payload) : "\"message\":" + json::quoted(payload);
    text += "}\n";
    line.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

}  // namespace

void set_up_logging(LogFormat format, spdlog::level::level_enum level) {
  const auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  if (format == LogFormat::json) sink->set_formatter(std::make_unique<JsonFormatter>());
  for (const char* const name : {"cubby", request_logger}) {
    spdlog::drop(name);
    auto logger = std::make_shared<spdlog::logger>(name, sink);
    logger->set_level(level);
    spdlog::register_logger(logger);
  }
  spdlog::set_default_logger(spdlog::get("cubby"));
  set_up_request_log(format == LogFormat::json, level <= spdlog::level::debug);
}

}  // namespace cubby
