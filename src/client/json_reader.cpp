#include "client/json_reader.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/json_text.hpp"

namespace cubby::client {

using json::Token;

JsonReader::JsonReader(std::string_view text) {
  scanner_.feed(text);
  scanner_.finish();
  advance();
}

void JsonReader::advance() {
  token_ = scanner_.next();
  if (token_ == Token::invalid) fail(scanner_.error());
}

void JsonReader::fail(std::string what) {
  if (error_.empty()) error_ = std::move(what);
  token_ = Token::invalid;
}

bool JsonReader::enter_object() {
  if (token_ == Token::begin_object) {
    advance();
  } else {
    fail("expected an object");
  }
  return ok();
}

bool JsonReader::next_member(std::string& name) {
  name.clear();
  if (token_ == Token::end_object) {
    advance();
    return false;
  }
  while (token_ == Token::name_part) {
    name += scanner_.text();
    advance();
  }
  if (token_ != Token::name) {
    fail("expected a member");
    return false;
  }
  name += scanner_.text();
  advance();
  return ok();
}

bool JsonReader::enter_array() {
  if (token_ == Token::begin_array) {
    advance();
  } else {
    fail("expected an array");
  }
  return ok();
}

bool JsonReader::next_item() {
  if (token_ == Token::end_array) {
    advance();
    return false;
  }
  return ok() && token_ != Token::end;
}

std::optional<std::string> JsonReader::string() {
  if (token_ == Token::null_value) {
    advance();
    return std::nullopt;
  }
  std::string text;
  while (token_ == Token::string_part) {
    text += scanner_.text();
    advance();
  }
  if (token_ != Token::string) {
    fail("expected a string");
    return std::nullopt;
  }
  text += scanner_.text();
  advance();
  return text;
}

std::optional<std::string> JsonReader::number() {
  if (token_ != Token::number && token_ != Token::null_value) fail("expected a number");
  std::optional<std::string> text;
  if (token_ == Token::number) text = scanner_.text();
  if (ok()) advance();
  return text;
}

std::optional<long long> JsonReader::integer() {
  const auto text = number();
  if (!text) return std::nullopt;
  const double value = std::trunc(std::strtod(text->c_str(), nullptr));
  constexpr double exact = 9007199254740992.0;
  if (!(std::abs(value) <= exact)) {
    fail("number out of range");
    return std::nullopt;
  }
  return static_cast<long long>(value);
}

bool JsonReader::boolean() {
  const bool is_true = token_ == Token::true_value;
  if (!is_true && token_ != Token::false_value && token_ != Token::null_value) fail("expected true or false");
  if (ok()) advance();
  return is_true;
}

std::string JsonReader::raw() {
  json::Compactor compactor(std::numeric_limits<std::size_t>::max());
  while (ok() && token_ != Token::end) {
    const bool is_complete = compactor.add(scanner_, token_);
    advance();
    if (is_complete) return compactor.take();
  }
  return {};
}

void JsonReader::skip() {
  json::Compactor compactor(0);
  while (ok() && token_ != Token::end) {
    const bool is_complete = compactor.add(scanner_, token_);
    advance();
    if (is_complete) return;
  }
}

bool JsonReader::at_end() {
  if (token_ != Token::end) fail("expected nothing more");
  return ok();
}

}  // namespace cubby::client
