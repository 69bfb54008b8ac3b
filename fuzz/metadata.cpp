// Metadata: the same in pieces as in one, a fixed point when it is parsed again, and JSON to a second parser.
#include "core/metadata.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "fuzz/fuzz.hpp"

namespace cubby::fuzz {
namespace {

// Written anew, for this parser reads numbers such as 0e403 as no number, which equals nothing.
std::optional<std::string> parse_again(std::string_view text) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse({text.data(), text.size()}, error);
  if (error) return std::nullopt;
  return serialize(value);
}

void check(Input input) {
  const std::size_t piece_bytes = 1 + input.number(9);
  const std::string_view text = input.rest();
  const auto whole = Metadata::parse(text);
  MetadataParser parser;
  for (std::size_t at = 0; at < text.size(); at += piece_bytes)
    parser.feed(std::string(text.substr(at, piece_bytes)));
  require(parser.finish() == whole, "pieces make no difference");

  const auto value = parse_again(text);
  if (!whole) {
    require(!value || whole.error().code == Errc::metadata_too_large,
            "what is JSON is refused for its size alone");
    return;
  }
  if (!*whole) {
    require(value == "null", "only null is no metadata");
    return;
  }
  const std::string& compact = (*whole)->text();
  require(compact.size() <= limits::metadata_bytes_max, "metadata is within its limit");
  require(Metadata::parse(compact) == whole, "metadata parsed again is the same");
  require(json::compact(text) == compact && json::compact(compact) == compact, "it is compact");
  // What JavaScript writes and the second parser refuses, it refuses in both.
  require(parse_again(compact) == value, "it means what was sent");
}

}  // namespace
}  // namespace cubby::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  cubby::fuzz::check({bytes, size});
  return 0;
}
