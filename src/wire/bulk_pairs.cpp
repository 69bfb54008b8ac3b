#include "wire/bulk_pairs.hpp"

#include <deque>

#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "wire/base64.hpp"
#include "wire/names.hpp"

namespace cubby {
namespace {

using json::Token;

// Base64 with some white space in it; what is longer is counted, not kept.
constexpr std::size_t value_text_bytes_max = 2 * limits::value_bytes_max;

enum class Member { key, value, base64, expiration, expiration_ttl, metadata, unknown };

Member member_named(std::string_view name) {
  namespace field = names::field;
  if (name == field::key) return Member::key;
  if (name == field::value) return Member::value;
  if (name == field::base64) return Member::base64;
  if (name == field::expiration) return Member::expiration;
  if (name == field::expiration_ttl) return Member::expiration_ttl;
  if (name == field::metadata) return Member::metadata;
  return Member::unknown;
}

// A string in the making, kept up to a limit and counted beyond it.
class CappedText {
 public:
  explicit CappedText(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  void append(std::string_view piece) {
    bytes_count_ += piece.size();
    if (bytes_count_ <= bytes_max_) text_ += piece;
  }
  bool overflowed() const { return bytes_count_ > bytes_max_; }
  std::size_t size() const { return bytes_count_; }
  std::string take() {
    bytes_count_ = 0;
    return std::exchange(text_, {});
  }

 private:
  std::size_t bytes_max_;
  std::size_t bytes_count_ = 0;
  std::string text_;
};

struct Draft {
  std::optional<Key> key;
  std::optional<std::string> value;
  bool is_base64 = false;
  RawExpiration expiration;
  std::optional<Metadata> metadata;
};

// Takes tokens, gives pairs. Depth 1 is the array, depth 2 a pair.
class PairParser {
 public:
  Result<void> take(const json::Scanner& scanner, Token token);
  std::deque<BulkPair> ready;

 private:
  Error malformed(std::string_view what) const;
  Result<void> take_outside_pair(const json::Scanner& scanner, Token token);
  Result<void> take_member(const json::Scanner& scanner, Token token);
  Result<void> take_key(std::string_view piece, Token token);
  Result<void> take_value(std::string_view piece, Token token);
  Result<void> take_metadata(const json::Scanner& scanner, Token token);
  Result<void> take_number(std::optional<std::string>& number, std::string_view text, Token token);
  Result<void> finish_pair();

  std::size_t index_ = 0;  // of the pair, for messages
  bool is_in_pair_ = false;
  std::string name_;
  Member member_ = Member::unknown;
  Draft draft_;
  CappedText text_{value_text_bytes_max};
  bool is_in_metadata_ = false;
  json::Compactor compactor_{limits::metadata_bytes_max};
};

Error PairParser::malformed(std::string_view what) const {
  return fail(Errc::bulk_body_malformed, "pair " + std::to_string(index_) + ": " + std::string(what));
}

Result<void> PairParser::take(const json::Scanner& scanner, Token token) {
  if (token == Token::need_more || token == Token::end) return {};
  if (token == Token::invalid) return fail(Errc::bulk_body_malformed, scanner.error());
  if (!is_in_pair_) return take_outside_pair(scanner, token);
  if (is_in_metadata_) return take_metadata(scanner, token);
  if (token == Token::end_object && scanner.depth() == 1) return finish_pair();
  const bool is_name = token == Token::name || token == Token::name_part;
  if (is_name && scanner.depth() == 2) {
    // Longer than every name we know is unknown, whatever follows.
    if (name_.size() <= limits::KiB) name_ += scanner.text();
    if (token == Token::name) member_ = member_named(std::exchange(name_, {}));
    return {};
  }
  return take_member(scanner, token);
}

Result<void> PairParser::take_outside_pair(const json::Scanner& scanner, Token token) {
  if (token == Token::begin_array && scanner.depth() == 1) return {};
  if (token == Token::end_array) return {};
  if (token == Token::begin_object && scanner.depth() == 2) {
    is_in_pair_ = true;
    draft_ = {};
    return {};
  }
  if (scanner.depth() == 0 || (token == Token::begin_object && scanner.depth() == 1)) {
    return fail(Errc::bulk_body_malformed, "expected an array of pairs");
  }
  return malformed("expected an object");
}

Result<void> PairParser::take_member(const json::Scanner& scanner, Token token) {
  switch (member_) {
    case Member::key:
      return take_key(scanner.text(), token);
    case Member::value:
      return take_value(scanner.text(), token);
    case Member::metadata:
      return take_metadata(scanner, token);
    case Member::expiration:
      return take_number(draft_.expiration.expiration, scanner.text(), token);
    case Member::expiration_ttl:
      return take_number(draft_.expiration.expiration_ttl, scanner.text(), token);
    case Member::base64:
      if (token != Token::true_value && token != Token::false_value && token != Token::null_value) {
        return malformed("base64 must be true or false");
      }
      draft_.is_base64 = token == Token::true_value;
      return {};
    case Member::unknown:
      break;
  }
  return {};
}

Result<void> PairParser::take_key(std::string_view piece, Token token) {
  if (token != Token::string && token != Token::string_part) return malformed("key must be a string");
  text_.append(piece);
  if (token == Token::string_part) return {};
  if (text_.overflowed()) return fail(Errc::key_too_long, std::to_string(text_.size()));
  auto key = Key::parse(text_.take());
  if (!key) return key.error();
  draft_.key = std::move(*key);
  return {};
}

Result<void> PairParser::take_value(std::string_view piece, Token token) {
  if (token != Token::string && token != Token::string_part) return malformed("value must be a string");
  text_.append(piece);
  if (token == Token::string_part) return {};
  if (text_.overflowed()) return value_too_large(text_.size(), limits::value_bytes_max);
  draft_.value = text_.take();
  return {};
}

Result<void> PairParser::take_metadata(const json::Scanner& scanner, Token token) {
  is_in_metadata_ = !compactor_.add(scanner, token);
  if (is_in_metadata_) return {};
  auto metadata = Metadata::from_compactor(compactor_);
  if (!metadata) return metadata.error();
  draft_.metadata = std::move(*metadata);
  return {};
}

Result<void> PairParser::take_number(std::optional<std::string>& number, std::string_view text, Token token) {
  number.reset();
  if (token == Token::null_value) return {};
  if (token != Token::number) return malformed("expiration and expiration_ttl must be numbers");
  number = std::string(text);
  return {};
}

Result<void> PairParser::finish_pair() {
  if (!draft_.key) return malformed("key is missing");
  if (!draft_.value) return malformed("value is missing");
  if (draft_.is_base64 && !decode_base64_in_place(*draft_.value)) {
    return fail(Errc::bulk_base64_invalid, draft_.key->text());
  }
  if (draft_.value->size() > limits::value_bytes_max) {
    return value_too_large(draft_.value->size(), limits::value_bytes_max);
  }
  ready.push_back({std::move(*draft_.key), std::move(*draft_.value), std::move(draft_.metadata),
                   std::move(draft_.expiration)});
  is_in_pair_ = false;
  ++index_;
  return {};
}

class JsonBulkPairs final : public BulkPairs {
 public:
  explicit JsonBulkPairs(ByteSource& body) : body_(body) {}

  Task<Result<std::optional<BulkPair>>> next() override {
    if (parser_.ready.empty()) return next_after_reading();
    return Task<Result<std::optional<BulkPair>>>::ready(take_ready());
  }

 private:
  Task<Result<std::optional<BulkPair>>> next_after_reading() {
    while (parser_.ready.empty() && !is_at_end_) {
      if (const auto parsed = co_await parse_piece(); !parsed) co_return parsed.error();
    }
    if (parser_.ready.empty()) co_return std::optional<BulkPair>{};
    co_return take_ready();
  }

  std::optional<BulkPair> take_ready() {
    std::optional<BulkPair> pair(std::move(parser_.ready.front()));
    parser_.ready.pop_front();
    return pair;
  }

  Task<Result<void>> parse_piece() {
    const auto piece = co_await body_.read();
    if (!piece) co_return piece.error();
    is_at_end_ = piece->empty();
    if (is_at_end_)
      scanner_.finish();
    else
      scanner_.feed(*piece);
    Token token{};
    do {
      token = scanner_.next();
      if (auto taken = parser_.take(scanner_, token); !taken) co_return taken;
    } while (token != Token::need_more && token != Token::end);
    co_return Result<void>{};
  }

  ByteSource& body_;
  json::Scanner scanner_;
  PairParser parser_;
  bool is_at_end_ = false;
};

}  // namespace

std::unique_ptr<BulkPairs> make_bulk_pairs(ByteSource& body) {
  return std::make_unique<JsonBulkPairs>(body);
}

}  // namespace cubby
