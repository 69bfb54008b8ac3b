// The lines that the log has about single requests, and what ties them to a request.
#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <string>
#include <string_view>

#include "wire/http_message.hpp"
#include "wire/request_kind.hpp"

namespace cubby {

// Name of the logger whose messages, where requests are logged as JSON, are members of a JSON object.
inline constexpr const char* request_logger = "request";

// How lines about requests are written: `key=value` text, or JSON members for a formatter that knows
// `request_logger`. Called before the first request.
void set_up_request_log(bool is_json, bool logs_each);

struct RequestLine {
  std::string_view what;  // a sentence without data
  const RequestHead& head;
  Dialect dialect = Dialect::rest;
  RequestKind kind = RequestKind::other;
  unsigned status = 0;
  std::chrono::steady_clock::duration took{};
  std::chrono::steady_clock::duration waited_for_client{};  // of it: for the body, or to take the answer
};

// Whether each request gets a line, at level debug.
bool logs_each_request();
void log_request(spdlog::level::level_enum level, const RequestLine& line);

// Whether a client's own id of a request may be taken over: 1 to 64 of [0-9A-Za-z._-].
bool is_request_id(std::string_view text);

// The trace id in a W3C `traceparent`; empty if that is malformed.
std::string_view trace_id_in(std::string_view traceparent);

}  // namespace cubby
