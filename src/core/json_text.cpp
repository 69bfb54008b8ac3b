#include "core/json_text.hpp"

#include <limits>
#include <utility>

#include "core/json_characters.hpp"

namespace cubby::json {

bool Compactor::add(const Scanner& scanner, Token token) {
  switch (token) {
    case Token::need_more:
    case Token::end:
    case Token::invalid:
      return false;
    case Token::name_part:
    case Token::string_part:
      write_string_piece(scanner.raw(), false);
      return false;
    case Token::name:
      write_string_piece(scanner.raw(), true);
      write(":");
      comma_due_ = false;
      return false;
    case Token::begin_object:
    case Token::begin_array:
      write_comma();
      write(token == Token::begin_object ? "{" : "[");
      ++depth_;
      comma_due_ = false;
      return false;
    case Token::end_object:
    case Token::end_array:
      write(token == Token::end_object ? "}" : "]");
      --depth_;
      break;
    case Token::string:
      write_string_piece(scanner.raw(), true);
      break;
    default:
      write_comma();
      write(scanner.raw());
  }
  comma_due_ = true;
  return depth_ == 0;
}

std::string Compactor::take() {
  size_ = 0;
  depth_ = 0;
  comma_due_ = false;
  in_string_ = false;
  return std::exchange(text_, {});
}

void Compactor::write(std::string_view text) {
  size_ += text.size();
  if (size_ <= bytes_max_) {
    text_ += text;
  } else if (!text_.empty()) {
    text_ = {};
  }
}

void Compactor::write_comma() {
  if (comma_due_) write(",");
}

void Compactor::write_string_piece(std::string_view raw, bool is_last) {
  if (!in_string_) {
    write_comma();
    write("\"");
  }
  in_string_ = !is_last;
  write(raw);
  if (is_last) write("\"");
}

std::optional<std::string> compact(std::string_view text) {
  Scanner scanner;
  Compactor compactor(std::numeric_limits<std::size_t>::max());
  scanner.feed(text);
  scanner.finish();
  while (true) {
    const Token token = scanner.next();
    if (token == Token::invalid) return std::nullopt;
    if (token == Token::end) return compactor.take();
    compactor.add(scanner, token);
  }
}

bool is_json(std::string_view text) {
  Scanner scanner;
  scanner.feed(text);
  scanner.finish();
  Token token = scanner.next();
  while (token != Token::end && token != Token::invalid) token = scanner.next();
  return token == Token::end;
}

namespace {

// The length of what stands before the first special byte.
std::size_t plain_length(std::string_view text) {
  std::size_t length = 0;
  while (text.size() - length >= sizeof(std::uint64_t) &&
         !any_special(eight_bytes::load(text.data() + length))) {
    length += sizeof(std::uint64_t);
  }
  const std::size_t left = text.size() - length;
  if (left < sizeof(std::uint64_t) && !any_special(eight_bytes::load_some(text.data() + length, left)))
    return text.size();
  while (!is_special(text[length])) ++length;
  return length;
}

// Appends the text with all that is not UTF-8 replaced.
void append_well_formed(std::string& out, std::string_view text) {
  while (true) {
    const std::size_t valid = valid_utf8_prefix(text);
    out += text.substr(0, valid);
    text.remove_prefix(valid);
    if (text.empty()) return;
    out += replacement_character;
    text.remove_prefix(broken_utf8_prefix(text));
  }
}

void append_escape(std::string& out, char byte) {
  if (const auto at = escaped_characters.find(byte); at != escaped_characters.npos) {
    out += {'\\', escape_letters[at]};
    return;
  }
  const auto number = static_cast<unsigned char>(byte);
  out += {'\\', 'u', '0', '0', hex_digits[number >> 4], hex_digits[number & 0xF]};
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    // No escaped character is part of a multi-byte one, so the runs between them can be checked by
    // themselves.
    const std::size_t run = plain_length(text);
    append_well_formed(out, text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    append_escape(out, text.front());
    text.remove_prefix(1);
  }
  out.push_back('"');
}

std::string quoted(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

}  // namespace cubby::json
