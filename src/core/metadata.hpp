// The JSON value that a client stores beside a key's value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "core/json_text.hpp"
#include "core/limits.hpp"

namespace cubby {

// The proof that a text is JSON without insignificant white space and within limits::metadata_bytes_max.
// Apart from white space the text is what the client wrote: escapes, numbers and the order of members are
// kept. JSON `null` is no metadata: the functions then return an empty optional.
class Metadata {
 public:
  // From the text of a client.
  // Errors: metadata_malformed; metadata_too_large, whose argument is the length without white space.
  // Limits: limits::metadata_bytes_max without insignificant white space, of which there may be any amount.
  [[nodiscard]] static Result<std::optional<Metadata>> parse(std::string_view json_text);

  // From a value that came as part of a larger JSON document, once Compactor::add has said that it is
  // complete. Takes the text out of the compactor, whose limit must be limits::metadata_bytes_max or more.
  // Errors: metadata_too_large.
  [[nodiscard]] static Result<std::optional<Metadata>> from_compactor(json::Compactor& compactor);

  // From text() of an earlier Metadata, such as our own storage gives back under its checksum. Checks the
  // length only; to check everything again use parse().
  // Errors: metadata_too_large.
  [[nodiscard]] static Result<std::optional<Metadata>> from_compact(std::string text);

  const std::string& text() const { return text_; }

  bool operator==(const Metadata&) const = default;

 private:
  explicit Metadata(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

// The same from a text that arrives in pieces, in memory that does not grow with it.
class MetadataParser {
 public:
  void feed(std::string_view piece);

  // REQUIRES: called once, after all pieces. Errors and limits: those of Metadata::parse.
  [[nodiscard]] Result<std::optional<Metadata>> finish();

 private:
  void take_tokens();

  json::Scanner scanner_;
  json::Compactor compactor_{limits::metadata_bytes_max};
  json::Token last_ = json::Token::need_more;
};

}  // namespace cubby
