// Bulk bodies: the same however they are cut, and the pairs that a second JSON parser finds.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "tests/support/piecewise_source.hpp"
#include "tests/support/run_task.hpp"
#include "wire/base64.hpp"
#include "wire/bulk_pairs.hpp"

namespace cubby::fuzz {
namespace {

// What of a pair can be compared.
struct Pair {
  std::string key;
  std::string value;
  std::optional<Metadata> metadata;
  std::optional<std::string> expiration;
  std::optional<std::string> expiration_ttl;
  bool operator==(const Pair&) const = default;
};

Task<Result<std::vector<Pair>>> read_pairs(ByteSource& source) {
  const auto reader = make_bulk_pairs(source);
  std::vector<Pair> pairs;
  while (true) {
    auto pair = co_await reader->next();
    if (!pair) co_return pair.error();
    if (!*pair) co_return pairs;
    BulkPair& read = **pair;
    pairs.push_back({read.key.text(), std::move(read.value), std::move(read.metadata),
                     std::move(read.expiration.expiration), std::move(read.expiration.expiration_ttl)});
  }
}

Result<std::vector<Pair>> pairs_of(const std::string& body, std::size_t piece_bytes) {
  PiecewiseSource source(body, piece_bytes);
  return run(read_pairs(source));
}

// Of two things that are wrong, the message may name the one that shows first.
bool are_alike(const Result<std::vector<Pair>>& a, const Result<std::vector<Pair>>& b) {
  return a && b ? *a == *b : !a && !b && a.error().code == b.error().code;
}

void check_pair(const Pair& pair, const boost::json::value& value) {
  const auto* const object = value.if_object();
  require(object != nullptr, "a pair is an object");
  const auto* const key = object->if_contains("key");
  const auto* const text = object->if_contains("value");
  require(key && key->is_string() && text && text->is_string(), "a pair has a key and a value");
  require(std::string_view(key->as_string()) == pair.key, "the key is the one that was sent");
  std::string expected(text->as_string());
  const auto* const base64 = object->if_contains("base64");
  if (base64 && base64->is_bool() && base64->as_bool())
    require(decode_base64_in_place(expected), "base64 that is taken is base64");
  require(expected == pair.value, "the value is the one that was sent");
  const auto* const metadata = object->if_contains("metadata");
  const bool has_metadata = metadata && !metadata->is_null();
  require(has_metadata == pair.metadata.has_value(), "metadata is there when it was sent");
  if (has_metadata) {
    boost::system::error_code error;
    require(serialize(boost::json::parse(pair.metadata->text(), error)) == serialize(*metadata) && !error,
            "metadata is the one that was sent");
  }
}

void check(Input input) {
  const std::size_t piece_bytes = 1 + input.number(40);
  const std::string body(input.rest());
  const auto whole = pairs_of(body, body.size() + 1);
  require(are_alike(pairs_of(body, piece_bytes), whole), "pieces make no difference");
  require(are_alike(pairs_of(body, 1), whole), "single bytes make no difference");
  if (!whole) return;
  require(json::is_json(body), "what is taken is JSON");
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  if (error) return;  // JSON that JavaScript writes and this parser refuses
  require(document.is_array() && document.as_array().size() == whole->size(), "every element is a pair");
  for (std::size_t i = 0; i < whole->size(); ++i) check_pair((*whole)[i], document.as_array()[i]);
}

}  // namespace
}  // namespace cubby::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  cubby::fuzz::check({bytes, size});
  return 0;
}
