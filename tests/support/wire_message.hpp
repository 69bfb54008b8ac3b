// A request as a transcript gives it to a target, and the answer that comes back.
#pragma once

#include <strings.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cubby::wire {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The first header of that name, whatever its case.
inline std::optional<std::string> find_header(const Headers& headers, std::string_view name) {
  for (const auto& [each, value] : headers) {
    if (each.size() == name.size() && ::strncasecmp(each.data(), name.data(), name.size()) == 0) return value;
  }
  return std::nullopt;
}

struct Request {
  std::string method;
  std::string target;
  Headers headers;
  std::string body;
  bool has_body = false;
};

struct Answer {
  unsigned status = 0;
  std::string reason;
  Headers headers;
  std::string body;
  bool was_told_to_continue = false;  // a 100 came first
};

// What transcripts are run against.
class Target {
 public:
  virtual ~Target() = default;
  virtual Answer exchange(const Request& request) = 0;
  // After the last exchange: nothing more may come.
  virtual void finish() = 0;
};

}  // namespace cubby::wire
