// multipart/form-data (RFC 7578) while it arrives: nothing of a part's content is collected here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/byte_source.hpp"
#include "core/error.hpp"
#include "core/task.hpp"

namespace cubby {

// Ours, for one form.
inline constexpr std::size_t part_head_bytes_max = 8 * std::size_t{1024};  // all headers of one part
inline constexpr std::size_t form_parts_max = 256;

// Whether a Content-Type header names multipart/form-data, in any case and with any parameters.
[[nodiscard]] bool is_multipart_form(std::string_view content_type);

// The boundary that a Content-Type header of a multipart form gives, quoted or not.
// Errors: form_malformed. Limits: 1 to 70 printable ASCII characters, the last one not a space (RFC 2046).
[[nodiscard]] Result<std::string> boundary_of(std::string_view content_type);

// What a part says about itself, decoded.
struct PartHeader {
  std::string name;  // any bytes
  std::optional<std::string> filename{};

  bool operator==(const PartHeader&) const = default;
};

// Reads the parts of a form in their order:
//
//   while (auto header = next_part()) while (!(piece = read_part()).empty()) ...
//
// Used by one coroutine at a time. The source outlives the reader. Nothing is copied but the headers.
// A line that begins with the boundary and goes on with anything but blanks is an error, not content (RFC
// 2046).
// Errors of both methods: form_malformed, and those of the source. All are final: call nothing after one.
class MultipartReader {
 public:
  // REQUIRES a boundary that boundary_of() returned.
  MultipartReader(ByteSource& source, std::string_view boundary);
  MultipartReader(const MultipartReader&) = delete;
  MultipartReader& operator=(const MultipartReader&) = delete;

  // The next part; skips what was left of the previous one. Nothing after the last part, and again at every
  // later call; the source is then read to its end.
  Task<Result<std::optional<PartHeader>>> next_part();

  // REQUIRES that next_part() has returned a part. The next piece of the current part's content, never empty;
  // an empty view is its end, and every later call returns it again. The view is valid until the next call of
  // either method.
  Task<Result<std::string_view>> read_part();

 private:
  enum class At { content, after_delimiter, after_last_part };

  Task<Result<void>> fill();
  Task<Result<bool>> read_head();
  Task<Result<void>> read_to_end();
  std::string_view continue_delimiter();
  std::string_view take_content();

  ByteSource& source_;
  const std::string delimiter_;  // CRLF, two dashes, boundary
  std::string_view piece_;       // what is unread of the source's last piece
  std::size_t matched_;  // bytes of the delimiter that were read, held back as they may be content after all
  At at_ = At::content;  // at first the preamble
  std::size_t parts_ = 0;
  std::string head_;
};

}  // namespace cubby
