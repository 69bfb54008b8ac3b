#include "client/json_elements.hpp"

#include "client/json_reader.hpp"
#include "core/limits.hpp"
#include "core/values.hpp"
#include "wire/error_table.hpp"
#include "wire/names.hpp"

namespace cubby::client {

using json::Token;

namespace {

// The largest value, with every byte as a six-byte escape, and what stands beside it.
constexpr std::size_t item_bytes_max = 6 * limits::value_bytes_max + limits::MiB;

}  // namespace

JsonElements::JsonElements(Upload& source)
    : source_(source), buffer_(4 * limits::body_piece_bytes), compactor_(item_bytes_max) {}

Failure JsonElements::malformed(const std::string& what) const {
  return usage("item " + std::to_string(count_) + ": " + what);
}

Outcome<void> JsonElements::fill() {
  const auto read = source_.read(buffer_.data(), buffer_.size());
  if (!read) return failed("the file could not be read to its end");
  if (*read == 0)
    scanner_.finish();
  else
    scanner_.feed({buffer_.data(), *read});
  return {};
}

Outcome<std::optional<std::string>> JsonElements::next() {
  while (true) {
    const Token token = scanner_.next();
    if (token == Token::need_more) {
      if (auto filled = fill(); !filled) return filled.error();
      continue;
    }
    if (token == Token::invalid) return malformed(scanner_.error());
    if (token == Token::end) return std::optional<std::string>();
    if (!has_begun_) {
      if (token != Token::begin_array) return usage("expected a JSON array");
      has_begun_ = true;
      continue;
    }
    if (token == Token::end_array && scanner_.depth() == 0) continue;  // perhaps there is more, wrongly
    if (!compactor_.add(scanner_, token)) continue;
    if (compactor_.overflowed()) return malformed("too large");
    ++count_;
    return std::optional(compactor_.take());
  }
}

Outcome<std::vector<std::string>> read_key_names(Upload& source) {
  JsonElements elements(source);
  std::vector<std::string> keys;
  while (true) {
    auto element = elements.next();
    if (!element) return element.error();
    if (!*element) return keys;
    JsonReader reader(**element);
    std::optional<std::string> text;
    if (reader.is_object()) {
      std::string name;
      reader.enter_object();
      while (reader.next_member(name))
        if (name == names::field::name)
          text = reader.string();
        else
          reader.skip();
    } else {
      text = reader.string();
    }
    const std::string which = "item " + std::to_string(elements.count() - 1) + ": ";
    if (!reader.ok() || !text) return usage(which + "expected a string, or an object with a name");
    auto key = Key::parse(*std::move(text));
    if (!key) return usage(which + error_text(key.error()));
    keys.push_back(key->text());
  }
}

}  // namespace cubby::client
