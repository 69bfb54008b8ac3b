#include "core/metadata.hpp"

#include "core/limits.hpp"

namespace cubby {
namespace {

Error too_large(std::size_t bytes) {
  return fail(Errc::metadata_too_large, std::to_string(bytes));
}

}  // namespace

Result<std::optional<Metadata>> Metadata::parse(std::string_view json_text) {
  MetadataParser parser;
  parser.feed(json_text);
  return parser.finish();
}

Result<std::optional<Metadata>> Metadata::from_compactor(json::Compactor& compactor) {
  const std::size_t size = compactor.size();
  std::string text = compactor.take();
  if (size > limits::metadata_bytes_max) return too_large(size);
  return from_compact(std::move(text));
}

Result<std::optional<Metadata>> Metadata::from_compact(std::string text) {
  if (text.size() > limits::metadata_bytes_max) return too_large(text.size());
  if (text == "null") return std::optional<Metadata>();
  return std::optional<Metadata>(Metadata(std::move(text)));
}

void MetadataParser::feed(std::string_view piece) {
  if (last_ == json::Token::invalid) return;
  scanner_.feed(piece);
  take_tokens();
}

Result<std::optional<Metadata>> MetadataParser::finish() {
  scanner_.finish();
  take_tokens();
  if (last_ == json::Token::invalid) return fail(Errc::metadata_malformed);
  return Metadata::from_compactor(compactor_);
}

void MetadataParser::take_tokens() {
  const auto is_pause = [](json::Token token) {
    return token == json::Token::need_more || token == json::Token::end || token == json::Token::invalid;
  };
  while (!is_pause(last_ = scanner_.next())) compactor_.add(scanner_, last_);
}

}  // namespace cubby
