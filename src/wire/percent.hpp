// Percent escapes in the target of a request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cubby {

// Decodes each %XX once; `+` is a plus. Nothing if an escape is bad. The result may be any bytes, not only
// UTF-8.
[[nodiscard]] std::optional<std::string> decode_path_segment(std::string_view text);

// As decode_path_segment, but `+` is a space, as HTML forms write it.
[[nodiscard]] std::optional<std::string> decode_query_component(std::string_view text);

// Appends `text` as decode_path_segment and decode_query_component read it back: every byte but A-Z, a-z,
// 0-9, `-`, `.`, `_` and `~` as %XX.
void append_escaped(std::string& out, std::string_view text);

// The parameters of a query string, decoded.
class Query {
 public:
  Query() = default;

  // `raw` is what follows the first `?` of the target, without it. A name without `=` has the empty value.
  explicit Query(std::string_view raw);

  // The value of the first parameter with this name. Parameters whose name or value has a bad escape are not
  // found.
  std::optional<std::string> get(std::string_view name) const;

  // The first parameter with a bad escape, as sent.
  const std::optional<std::string>& malformed() const { return malformed_; }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
  std::optional<std::string> malformed_;
};

}  // namespace cubby
