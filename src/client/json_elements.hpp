// The items of a JSON array of any length, one after the other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/failure.hpp"
#include "client/upload.hpp"
#include "core/json_text.hpp"

namespace cubby::client {

// Memory: a piece of the file, and one item. `source` must outlive it.
class JsonElements {
 public:
  explicit JsonElements(Upload& source);

  // The next item, compact; nothing after the last. Errors: usage, if it is no such array.
  Outcome<std::optional<std::string>> next();
  // How many items have been given out.
  std::size_t count() const { return count_; }

 private:
  Outcome<void> fill();
  Failure malformed(const std::string& what) const;

  Upload& source_;
  std::vector<char> buffer_;
  json::Scanner scanner_;
  json::Compactor compactor_;
  bool has_begun_ = false;
  bool is_at_end_ = false;
  std::size_t count_ = 0;
};

// A file with an array of key names: strings, or objects with a `name`, as `cubby kv key list` prints them.
// Errors: usage.
Outcome<std::vector<std::string>> read_key_names(Upload& source);

}  // namespace cubby::client
