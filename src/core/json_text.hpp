// JSON as text: made compact, checked, and strings written.
//
// Nothing is shared: an object is used by one thread at a time; the functions are thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/json_scanner.hpp"

namespace cubby::json {

// Builds the text of one JSON value without insignificant white space: what stands inside strings and numbers
// stays as it was written. The size is counted in full, but text beyond `bytes_max` bytes is not kept.
class Compactor {
 public:
  explicit Compactor(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Takes the token that `scanner.next()` just returned. True if it completed the value.
  // REQUIRES tokens of one value in their order, from its first on; `need_more` and `end` are ignored.
  bool add(const Scanner& scanner, Token token);

  // The length of the value's text so far in bytes, stored or not.
  std::size_t size() const { return size_; }

  // Whether the text has grown beyond the limit and is lost.
  bool overflowed() const { return size_ > bytes_max_; }

  // The text, or "" if it overflowed. Leaves the Compactor ready for another value.
  std::string take();

 private:
  void write(std::string_view text);
  void write_comma();
  void write_string_piece(std::string_view raw, bool is_last);

  std::size_t bytes_max_;
  std::size_t size_ = 0;
  std::size_t depth_ = 0;
  bool comma_due_ = false;
  bool in_string_ = false;
  std::string text_;
};

// The document without insignificant white space, otherwise as written; nothing if it is not JSON.
[[nodiscard]] std::optional<std::string> compact(std::string_view text);

[[nodiscard]] bool is_json(std::string_view text);

// Appends `text` as a JSON string with its quotes. Escapes the quote, the backslash and the C0 controls;
// writes all else as it is, except that what is not UTF-8 becomes U+FFFD as in WHATWG's decoder.
void append_string(std::string& out, std::string_view text);

// The same as a string of its own.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace cubby::json
