// Reads a JSON text from front to back, with what stays as it was written available as such.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json_scanner.hpp"

namespace cubby::client {

// Each call takes the next value. The first thing that is not as asked for makes `ok` false, and everything
// afterwards is empty, so one look at the end is enough. One thread; `text` must outlive it.
//
//   if (reader.enter_object())
//     while (reader.next_member(name)) if (name == "id") id = reader.string(); else reader.skip();
class JsonReader {
 public:
  explicit JsonReader(std::string_view text);

  bool ok() const { return error_.empty(); }
  // Short, lower case.
  const std::string& error() const { return error_; }

  bool enter_object();
  // The name of the next member, whose value must then be taken; false at the object's end.
  bool next_member(std::string& name);
  bool enter_array();
  // Whether there is another item, which must then be taken; false at the array's end.
  bool next_item();

  bool is_null() { return peek() == json::Token::null_value; }
  bool is_object() { return peek() == json::Token::begin_object; }
  bool is_string() { return peek() == json::Token::string || peek() == json::Token::string_part; }

  // Nothing for null.
  std::optional<std::string> string();
  std::optional<std::string> number();  // as written
  std::optional<long long> integer();   // fractions are cut off
  bool boolean();                       // null is false
  // Any value, without insignificant white space.
  std::string raw();
  void skip();
  // Whether nothing follows.
  bool at_end();

 private:
  json::Token peek() const { return token_; }
  void advance();
  void fail(std::string what);

  json::Scanner scanner_;
  json::Token token_ = json::Token::need_more;  // the next one, not yet taken
  std::string error_;
};

}  // namespace cubby::client
