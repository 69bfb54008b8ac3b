// JSON in, piece by piece and without a tree.
//
// Accepts exactly what JavaScript's JSON.parse accepts in a UTF-8 text: any nesting depth, lone surrogate
// escapes, numbers of any size (up to number_bytes_max). Nothing here recurses. Nothing is shared: an object
// is used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/utf8.hpp"

namespace cubby::json {

// The longest number, in bytes; a longer one is `invalid`. Ours: JSON.parse has no such limit.
inline constexpr std::size_t number_bytes_max = 64 * std::size_t{1024};

enum class Token {
  need_more,  // all fed bytes are used up: feed() or finish()
  end,        // the document is complete and finish() was called
  invalid,    // not JSON; final, see Scanner::error()
  begin_object,
  end_object,
  begin_array,
  end_array,
  name_part,    // a piece of a member's name, more follows
  name,         // its last piece, possibly empty
  string_part,  // a piece of a string, more follows
  string,       // its last piece, possibly empty
  number,
  true_value,
  false_value,
  null_value,
};

// Splits one JSON document into tokens while it arrives.
//
//   scanner.feed(bytes);
//   for (Token token = scanner.next(); token != Token::need_more; token = scanner.next()) ...
//
// A string is zero or more `string_part` and one `string`; a name likewise. Pieces are views of the fed bytes
// where nothing had to be decoded, so they end where the input or a run of plain characters ends, perhaps in
// the middle of a multi-byte character. All pieces of one string together are valid UTF-8. Memory: one bit
// for each open array or object, the text of one number, one escape.
class Scanner {
 public:
  Scanner() = default;
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  // Gives the next bytes, which must stay valid until next() returns `need_more` again.
  // REQUIRES that the last next() returned `need_more`, or that nothing was fed yet; and no finish() before.
  void feed(std::string_view bytes);

  // Says that no bytes follow. May come right after a feed(), before its tokens are taken.
  void finish();

  // The next token. `end` and `invalid` are returned again by every later call.
  Token next();

  // What the last token says: the decoded bytes of a piece of a name or a string (an escaped lone surrogate
  // becomes U+FFFD), the text of a number or literal; otherwise empty. Valid until the next call of next().
  std::string_view text() const { return text_; }

  // The same piece as it was written: escapes undecoded, without the quotes. Valid until the next call of
  // next().
  std::string_view raw() const { return raw_; }

  // How many arrays and objects are open after the last token.
  std::size_t depth() const { return open_.size(); }

  // Why the last token was `invalid`: short, lower case, such as "invalid character ']' at byte 17" (counted
  // from 0). Empty as long as nothing is wrong.
  const std::string& error() const { return error_; }

 private:
  // What the grammar allows next.
  enum class Expect : std::uint8_t { value, value_or_end, name_or_end, name, colon, comma_or_end };
  // Where the next byte stands.
  enum class Inside : std::uint8_t { nothing, string, escape, number, literal, error };
  // The number's grammar; those that may end a number are marked.
  enum class NumberAt : std::uint8_t {
    minus,
    zero /*ok*/,
    integer /*ok*/,
    point,
    fraction /*ok*/,
    e,
    sign,
    exponent /*ok*/
  };

  Token next_token();
  Token out_of_input();
  Token begin_value(char byte);
  Token begin_container(char byte);
  Token end_container(char byte);
  Token begin_string(bool is_name);
  Token next_string_piece();
  Token end_string(std::string_view run);
  Token part(std::string_view text, std::string_view raw);
  bool skip_plain_characters();
  Token begin_escape();
  Token next_escape();
  Token end_escape();
  Token end_unicode_escape();
  Token emit_decoded(std::string raw);
  Token release_lone_surrogate();
  Token next_number();
  bool continue_number(char byte);
  Token next_literal();
  Token fail_at(std::size_t position);
  Token fail(std::string what, std::size_t position);

  std::string_view input_;        // what was fed last
  std::size_t position_ = 0;      // the next byte of it
  std::size_t bytes_before_ = 0;  // all that was fed before
  bool finished_ = false;

  Expect expect_ = Expect::value;
  Inside inside_ = Inside::nothing;
  std::vector<bool> open_;  // one for each open container: is it an object?

  bool is_name_ = false;  // the string that is being read
  Utf8State utf8_;

  std::string escape_;  // the escapes read so far; with a high surrogate that waits, first its six bytes
  std::size_t escape_begin_ = 0;  // where in it the current escape begins
  char32_t high_surrogate_ = 0;   // read and not yet paired; 0 if none
  std::string decoded_;           // backs text_ after an escape
  std::string raw_escape_;        // backs raw_ after an escape

  NumberAt number_at_ = NumberAt::minus;
  std::string number_;

  std::string_view literal_;  // the one that is being read
  std::size_t literal_position_ = 0;

  std::string_view text_;
  std::string_view raw_;
  std::string error_;
};

}  // namespace cubby::json
