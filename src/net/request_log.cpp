#include "net/request_log.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>

#include "core/json_text.hpp"

namespace cubby {
namespace {

constexpr std::size_t request_id_characters_max = 64;
constexpr std::size_t method_characters_max = 16;  // of what strangers may call one

std::atomic<bool> writes_json = false;
std::atomic<bool> writes_each = false;

std::shared_ptr<spdlog::logger> logger() {
  auto own = spdlog::get(request_logger);
  return own ? own : spdlog::default_logger();
}

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// One after the other, in the form that is asked for.
class Members {
 public:
  explicit Members(bool is_json) : is_json_(is_json) {}

  void add(std::string_view name, std::string_view text) {
    begin(name);
    if (is_json_)
      json::append_string(text_, text);
    else
      text_ += text;
  }
  void add(std::string_view name, std::int64_t number) {
    begin(name);
    text_ += std::to_string(number);
  }
  const std::string& text() const { return text_; }

 private:
  void begin(std::string_view name) {
    if (!text_.empty()) text_ += is_json_ ? "," : " ";
    text_ += is_json_ ? json::quoted(name) : std::string(name);
    text_ += is_json_ ? ':' : '=';
  }

  const bool is_json_;
  std::string text_;
};

std::int64_t milliseconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace

void set_up_request_log(bool is_json, bool logs_each) {
  writes_json = is_json;
  writes_each = logs_each;
}

bool logs_each_request() {
  return writes_each.load(std::memory_order_relaxed);
}

void log_request(spdlog::level::level_enum level, const RequestLine& line) {
  const bool is_json = writes_json;
  Members members(is_json);
  if (is_json) members.add("message", line.what);
  members.add("request_id", line.head.request_id.value_or(""));
  members.add("method", line.head.method_text.substr(0, method_characters_max));
  members.add("dialect", name_of(line.dialect));
  members.add("operation", name_of(line.kind));
  members.add("status", static_cast<std::int64_t>(line.status));
  members.add("ms", milliseconds(line.took));
  members.add("client_ms", milliseconds(line.waited_for_client));
  members.add("cause", line.waited_for_client * 2 > line.took ? "client" : "server");
  const auto trace = trace_id_in(line.head.traceparent.value_or(""));
  if (!trace.empty()) members.add("trace_id", trace);
  if (is_json)
    logger()->log(level, "{}", members.text());
  else
    logger()->log(level, "{}: {}", line.what, members.text());
}

bool is_request_id(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= request_id_characters_max &&
         std::all_of(text.begin(), text.end(), is_allowed);
}

std::string_view trace_id_in(std::string_view traceparent) {
  // version-traceid-parentid-flags, of 2, 32, 16 and 2 digits; later versions may add to the end.
  constexpr std::size_t size = 55;
  if (traceparent.size() < size || (traceparent.size() > size && traceparent[size] != '-')) return {};
  if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') return {};
  const auto version = traceparent.substr(0, 2);
  const auto trace = traceparent.substr(3, 32);
  if (version == "ff" || (version == "00" && traceparent.size() != size)) return {};
  for (const auto part : {version, trace, traceparent.substr(36, 16), traceparent.substr(53, 2)}) {
    if (!is_lower_hex(part)) return {};
  }
  return trace.find_first_not_of('0') == trace.npos ? std::string_view{} : trace;
}

}  // namespace cubby
