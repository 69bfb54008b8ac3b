// How the log is written.
#pragma once

#include <spdlog/common.h>

namespace cubby {

enum class LogFormat { text, json };

// To standard error. As JSON: an object a line with time, level and message, and with more members where a
// line is about a request. Called once, before any other thread runs.
void set_up_logging(LogFormat format, spdlog::level::level_enum level);

}  // namespace cubby
