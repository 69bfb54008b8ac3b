#include "core/metadata.hpp"

#include "core/limits.hpp"

namespace cubby {
namespace {

Error too_large(std::size_t bytes) {
  return fail(Errc::metadata_too_large, std::to_string(bytes));
}

}  // namespace

Result<std::optional<Metadata>> Metadata::parse(std::string_view json_text) {
  if (json_text.size() > limits::metadata_sent_bytes_max) return too_large(json_text.size());
  json::Scanner scanner;
  json::Compactor compactor(limits::metadata_bytes_max);
  scanner.feed(json_text);
  scanner.finish();
  json::Token token = scanner.next();
  for (; token != json::Token::end; token = scanner.next()) {
    if (token == json::Token::invalid) return fail(Errc::metadata_malformed);
    compactor.add(scanner, token);
  }
  return from_compactor(compactor);
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

}  // namespace cubby
