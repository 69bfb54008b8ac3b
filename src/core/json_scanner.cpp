#include "core/json_scanner.hpp"

#include <cassert>
#include <utility>

#include "core/json_characters.hpp"

namespace cubby::json {
namespace {

constexpr bool is_white_space(char byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

constexpr bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

// -1 if it is none.
constexpr int hex_digit(char byte) {
  if (is_digit(byte)) return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

constexpr bool is_high_surrogate(char32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
constexpr bool is_low_surrogate(char32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

constexpr std::size_t unicode_escape_bytes = 6;  // \uXXXX

bool is_plain_ascii(std::uint64_t word) {
  return eight_bytes::all_ascii(word) && !any_special(word);
}

// The length of what stands before the first byte that is special or not ASCII.
std::size_t plain_ascii_length(std::string_view text) {
  std::size_t length = 0;
  while (text.size() - length >= sizeof(std::uint64_t) &&
         is_plain_ascii(eight_bytes::load(text.data() + length))) {
    length += sizeof(std::uint64_t);
  }
  while (length < text.size() && static_cast<signed char>(text[length]) >= 0 && !is_special(text[length]))
    ++length;
  return length;
}

}  // namespace

void Scanner::feed(std::string_view bytes) {
  assert(position_ == input_.size() && !finished_);
  bytes_before_ += input_.size();
  input_ = bytes;
  position_ = 0;
}

void Scanner::finish() {
  finished_ = true;
}

Token Scanner::next() {
  text_ = {};
  raw_ = {};
  switch (inside_) {
    case Inside::string:
      return next_string_piece();
    case Inside::escape:
      return next_escape();
    case Inside::number:
      return next_number();
    case Inside::literal:
      return next_literal();
    case Inside::error:
      return Token::invalid;
    case Inside::nothing:
      break;
  }
  return next_token();
}

Token Scanner::next_token() {
  for (; position_ < input_.size(); ++position_) {
    const char byte = input_[position_];
    if (is_white_space(byte)) continue;
    switch (expect_) {
      case Expect::value:
        return begin_value(byte);
      case Expect::value_or_end:
        return byte == ']' ? end_container(byte) : begin_value(byte);
      case Expect::name:
        return byte == '"' ? begin_string(true) : fail_at(position_);
      case Expect::name_or_end:
        if (byte == '}') return end_container(byte);
        return byte == '"' ? begin_string(true) : fail_at(position_);
      case Expect::colon:
        if (byte != ':') return fail_at(position_);
        expect_ = Expect::value;
        break;
      case Expect::comma_or_end:
        if (open_.empty()) return fail_at(position_);
        if (byte != ',') return end_container(byte);
        expect_ = open_.back() ? Expect::name : Expect::value;
        break;
    }
  }
  return out_of_input();
}

Token Scanner::out_of_input() {
  if (!finished_) return Token::need_more;
  const bool complete = inside_ == Inside::nothing && expect_ == Expect::comma_or_end && open_.empty();
  return complete ? Token::end : fail("unexpected end", position_);
}

Token Scanner::begin_value(char byte) {
  const auto begin_literal = [this](std::string_view literal) {
    inside_ = Inside::literal;
    literal_ = literal;
    literal_position_ = 0;
    return next_literal();
  };
  switch (byte) {
    case '{':
    case '[':
      return begin_container(byte);
    case '"':
      return begin_string(false);
    case 't':
      return begin_literal("true");
    case 'f':
      return begin_literal("false");
    case 'n':
      return begin_literal("null");
    default:
      break;
  }
  if (byte != '-' && !is_digit(byte)) return fail_at(position_);
  inside_ = Inside::number;
  number_at_ = byte == '-' ? NumberAt::minus : byte == '0' ? NumberAt::zero : NumberAt::integer;
  number_.assign(1, byte);
  ++position_;
  return next_number();
}

Token Scanner::begin_container(char byte) {
  ++position_;
  const bool is_object = byte == '{';
  open_.push_back(is_object);
  expect_ = is_object ? Expect::name_or_end : Expect::value_or_end;
  return is_object ? Token::begin_object : Token::begin_array;
}

Token Scanner::end_container(char byte) {
  const bool is_object = open_.back();
  if (byte != (is_object ? '}' : ']')) return fail_at(position_);
  ++position_;
  open_.pop_back();
  expect_ = Expect::comma_or_end;
  return is_object ? Token::end_object : Token::end_array;
}

Token Scanner::begin_string(bool is_name) {
  ++position_;
  inside_ = Inside::string;
  is_name_ = is_name;
  return next_string_piece();
}

// Moves to the next byte that does not stand for itself, or to the end. False if the text is not UTF-8 there.
bool Scanner::skip_plain_characters() {
  while (position_ < input_.size()) {
    if (utf8_.between_characters()) {
      position_ += plain_ascii_length(input_.substr(position_));
      if (position_ == input_.size() || is_special(input_[position_])) break;
    }
    if (!utf8_.accept(static_cast<unsigned char>(input_[position_]))) return false;
    ++position_;
  }
  return true;
}

Token Scanner::next_string_piece() {
  const std::size_t begin = position_;
  if (high_surrogate_ != 0 && begin < input_.size() && input_[begin] != '\\') return release_lone_surrogate();
  if (!skip_plain_characters()) return fail("invalid UTF-8", position_);
  const std::string_view run = input_.substr(begin, position_ - begin);
  if (position_ == input_.size()) return run.empty() ? out_of_input() : part(run, run);
  if (input_[position_] == '"') return end_string(run);
  if (input_[position_] != '\\') return fail_at(position_);
  return run.empty() ? begin_escape() : part(run, run);
}

Token Scanner::begin_escape() {
  // Most escapes are short and lie in one feed; they need no memory of ours.
  if (high_surrogate_ == 0 && input_.size() - position_ >= 2) {
    if (const std::size_t at = escape_letters.find(input_[position_ + 1]); at != escape_letters.npos) {
      position_ += 2;
      return part(escaped_characters.substr(at, 1), input_.substr(position_ - 2, 2));
    }
  }
  inside_ = Inside::escape;
  ++position_;
  escape_begin_ = escape_.size();
  escape_.push_back('\\');
  return next_escape();
}

Token Scanner::end_string(std::string_view run) {
  ++position_;
  inside_ = Inside::nothing;
  expect_ = is_name_ ? Expect::colon : Expect::comma_or_end;
  text_ = run;
  raw_ = run;
  return is_name_ ? Token::name : Token::string;
}

Token Scanner::part(std::string_view text, std::string_view raw) {
  text_ = text;
  raw_ = raw;
  return is_name_ ? Token::name_part : Token::string_part;
}

Token Scanner::next_escape() {
  while (position_ < input_.size()) {
    const char byte = input_[position_];
    const std::size_t length = escape_.size() - escape_begin_;
    const bool fits =
        length == 1 ? byte == 'u' || escape_letters.find(byte) != escape_letters.npos : hex_digit(byte) >= 0;
    if (!fits) return fail_at(position_);
    escape_.push_back(byte);
    ++position_;
    if (length == 1 && byte != 'u') return end_escape();
    if (length + 1 == unicode_escape_bytes) return end_unicode_escape();
  }
  return out_of_input();
}

Token Scanner::end_escape() {
  inside_ = Inside::string;
  decoded_.clear();
  if (std::exchange(high_surrogate_, 0) != 0) decoded_ = replacement_character;
  decoded_.push_back(escaped_characters[escape_letters.find(escape_.back())]);
  return emit_decoded(std::exchange(escape_, {}));
}

Token Scanner::end_unicode_escape() {
  inside_ = Inside::string;
  char32_t unit = 0;
  for (const char digit : std::string_view(escape_).substr(escape_begin_ + 2)) {
    unit = unit * 16 + static_cast<char32_t>(hex_digit(digit));
  }
  const char32_t high = std::exchange(high_surrogate_, 0);
  decoded_.clear();
  if (is_high_surrogate(unit)) {
    high_surrogate_ = unit;  // it waits for its other half
    if (high == 0) return next_string_piece();
    decoded_ = replacement_character;
    std::string waiting = escape_.substr(escape_begin_);
    escape_.resize(escape_begin_);
    return emit_decoded(std::exchange(escape_, std::move(waiting)));
  }
  if (high != 0 && is_low_surrogate(unit)) {
    append_utf8(decoded_, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
  } else {
    if (high != 0) decoded_ = replacement_character;
    if (is_low_surrogate(unit))
      decoded_ += replacement_character;
    else
      append_utf8(decoded_, unit);
  }
  return emit_decoded(std::exchange(escape_, {}));
}

Token Scanner::release_lone_surrogate() {
  high_surrogate_ = 0;
  decoded_ = replacement_character;
  return emit_decoded(std::exchange(escape_, {}));
}

Token Scanner::emit_decoded(std::string raw) {
  raw_escape_ = std::move(raw);
  return part(decoded_, raw_escape_);
}

Token Scanner::next_number() {
  for (; position_ < input_.size(); ++position_) {
    const char byte = input_[position_];
    if (!continue_number(byte)) break;
    if (number_.size() == number_bytes_max) return fail("number too long", position_);
    number_.push_back(byte);
  }
  if (position_ == input_.size() && !finished_) return Token::need_more;
  const bool may_end = number_at_ == NumberAt::zero || number_at_ == NumberAt::integer ||
                       number_at_ == NumberAt::fraction || number_at_ == NumberAt::exponent;
  if (!may_end) return position_ < input_.size() ? fail_at(position_) : out_of_input();
  inside_ = Inside::nothing;
  expect_ = Expect::comma_or_end;
  text_ = number_;
  raw_ = number_;
  return Token::number;
}

// Takes one byte of a number. False if the number cannot go on with it.
bool Scanner::continue_number(char byte) {
  const auto go_to = [this](NumberAt place) {
    number_at_ = place;
    return true;
  };
  const bool is_e = byte == 'e' || byte == 'E';
  const bool is_sign = byte == '+' || byte == '-';
  switch (number_at_) {
    case NumberAt::minus:
      return is_digit(byte) && go_to(byte == '0' ? NumberAt::zero : NumberAt::integer);
    case NumberAt::integer:
      if (is_digit(byte)) return true;
      [[fallthrough]];
    case NumberAt::zero:
      return (byte == '.' && go_to(NumberAt::point)) || (is_e && go_to(NumberAt::e));
    case NumberAt::point:
      return is_digit(byte) && go_to(NumberAt::fraction);
    case NumberAt::fraction:
      return is_digit(byte) || (is_e && go_to(NumberAt::e));
    case NumberAt::e:
      return (is_sign && go_to(NumberAt::sign)) || (is_digit(byte) && go_to(NumberAt::exponent));
    case NumberAt::sign:
      return is_digit(byte) && go_to(NumberAt::exponent);
    case NumberAt::exponent:
      return is_digit(byte);
  }
  return false;
}

Token Scanner::next_literal() {
  for (; position_ < input_.size() && literal_position_ < literal_.size(); ++position_, ++literal_position_) {
    if (input_[position_] != literal_[literal_position_]) return fail_at(position_);
  }
  if (literal_position_ < literal_.size()) return out_of_input();
  inside_ = Inside::nothing;
  expect_ = Expect::comma_or_end;
  text_ = literal_;
  raw_ = literal_;
  return literal_ == "true"    ? Token::true_value
         : literal_ == "false" ? Token::false_value
                               : Token::null_value;
}

Token Scanner::fail_at(std::size_t position) {
  const auto byte = static_cast<unsigned char>(input_[position]);
  if (byte > 0x20 && byte < 0x7F)
    return fail(std::string("invalid character '") + input_[position] + '\'', position);
  return fail(std::string("invalid byte 0x") + hex_digits[byte >> 4] + hex_digits[byte & 0xF], position);
}

Token Scanner::fail(std::string what, std::size_t position) {
  inside_ = Inside::error;
  error_ = std::move(what) + " at byte " + std::to_string(bytes_before_ + position);
  return Token::invalid;
}

}  // namespace cubby::json
