#include "core/json_scanner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json_text.hpp"

namespace cubby::json {
namespace {

using namespace std::string_view_literals;
using Pieces = std::vector<std::string_view>;

// One line for each token with its decoded text, the pieces of a string joined; then the error, if any.
std::string scan(const Pieces& pieces) {
  Scanner scanner;
  std::string seen;
  std::string joined;
  auto piece = pieces.begin();
  while (true) {
    const Token token = scanner.next();
    switch (token) {
      case Token::need_more:
        if (piece == pieces.end())
          scanner.finish();
        else
          scanner.feed(*piece++);
        break;
      case Token::end:
        return seen;
      case Token::invalid:
        return seen + "error: " + scanner.error();
      case Token::begin_object:
        seen += "{\n";
        break;
      case Token::end_object:
        seen += "}\n";
        break;
      case Token::begin_array:
        seen += "[\n";
        break;
      case Token::end_array:
        seen += "]\n";
        break;
      case Token::name_part:
      case Token::string_part:
        EXPECT_FALSE(scanner.raw().empty());
        joined += scanner.text();
        break;
      case Token::name:
        seen += "name " + std::exchange(joined, {}).append(scanner.text()) + '\n';
        break;
      case Token::string:
        seen += "string " + std::exchange(joined, {}).append(scanner.text()) + '\n';
        break;
      default:
        seen += std::string(scanner.text()) + '\n';
    }
  }
}

std::optional<std::string> compact_pieces(const Pieces& pieces, std::size_t bytes_max = 1 << 20) {
  Scanner scanner;
  Compactor compactor(bytes_max);
  bool complete = false;
  auto piece = pieces.begin();
  while (true) {
    const Token token = scanner.next();
    if (token == Token::invalid) return std::nullopt;
    if (token == Token::end) break;
    if (token == Token::need_more) {
      if (piece == pieces.end())
        scanner.finish();
      else
        scanner.feed(*piece++);
    } else {
      EXPECT_FALSE(complete);
      complete = compactor.add(scanner, token);
    }
  }
  EXPECT_TRUE(complete);
  return compactor.take();
}

Pieces bytes_of(std::string_view text) {
  Pieces pieces;
  for (std::size_t i = 0; i < text.size(); ++i) pieces.push_back(text.substr(i, 1));
  return pieces;
}

// What JSON.parse of Node 22 accepts.
const std::vector<std::string_view> valid_documents = {
    "null"sv,
    " true "sv,
    "false\n"sv,
    "0"sv,
    "-0"sv,
    "-0.0e-0"sv,
    "12345678901234567890"sv,
    "1e400"sv,
    "-1.5E+10"sv,
    "1.0e5"sv,
    "\"\""sv,
    "\"plain text that is longer than eight bytes\""sv,
    R"("\"\\\/\b\f\n\r\t")"sv,
    R"("\u00e9\u20AC\u0000")"sv,
    R"("\ud83d\ude00 between \uD83D\uDE00\uD83D\uDE00")"sv,
    R"("\ud800")"sv,
    R"("\udc00")"sv,
    R"("\ud800x")"sv,
    R"("\ud800\n")"sv,
    R"("\ud800\u0041")"sv,
    R"("\ud800\ud83d\ude00")"sv,
    R"("\ud800\ud800\ud800")"sv,
    R"("\ude00\ud83d")"sv,
    "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBB\xBF\x7F\xE2\x80\xA8\""sv,
    "[]"sv,
    "{}"sv,
    "[ ]"sv,
    "{ }"sv,
    " [ 1 , 2 , [ ] , { } ] "sv,
    "[[[[[[[[[[]]]]]]]]]]"sv,
    R"({"":{"":""}})"sv,
    R"({ "a" : 1 , "a" : [ true , false , null ] , "\u0062" : "c" })"sv,
    "\t\r\n [\"\\u00E9\",1.0e5,-0]\t\r\n "sv,
};

const std::vector<std::string_view> invalid_documents = {
    ""sv,
    " "sv,
    "\xEF\xBB\xBF{}"sv,
    "nul"sv,
    "nulL"sv,
    "True"sv,
    "nullx"sv,
    "truefalse"sv,
    "01"sv,
    "-"sv,
    "-01"sv,
    "+1"sv,
    ".5"sv,
    "1."sv,
    "1.e5"sv,
    "1e"sv,
    "1e+"sv,
    "1ee5"sv,
    "0x10"sv,
    "1 2"sv,
    "NaN"sv,
    "Infinity"sv,
    "-Infinity"sv,
    "'a'"sv,
    "\""sv,
    "\"abc"sv,
    "\"\n\""sv,
    "\"\x1F\""sv,
    "\"\0\""sv,
    R"("\x41")"sv,
    R"("\'")"sv,
    R"("\u12")"sv,
    R"("\u12G4")"sv,
    R"("\)"sv,
    R"("\ud800)"sv,
    R"("\ud800\)"sv,
    R"("\ud800\x")"sv,
    R"("\U0041")"sv,
    "\"\x80\""sv,
    "\"\xC0\x80\""sv,
    "\"\xC3\""sv,
    "\"\xC3\\n\""sv,
    "\"\xED\xA0\x80\""sv,
    "\"\xF4\x90\x80\x80\""sv,
    "\"\xE2\x82\""sv,
    "["sv,
    "]"sv,
    "[1"sv,
    "[1,]"sv,
    "[,1]"sv,
    "[1 2]"sv,
    "[1}"sv,
    "[:]"sv,
    "[]]"sv,
    "{"sv,
    "}"sv,
    "{]"sv,
    "{1:2}"sv,
    "{a:1}"sv,
    R"({"a"})"sv,
    R"({"a":})"sv,
    R"({"a":1,})"sv,
    R"({,"a":1})"sv,
    R"({"a" 1})"sv,
    R"({"a"::1})"sv,
    R"({"a":1:2})"sv,
    R"({"a":1 "b":2})"sv,
    "[]\0"sv,
    "\0"sv,
    "[] []"sv,
    "{}x"sv,
    "// comment\n1"sv,
    "[1] // comment"sv,
    "\xC2\xA0 1"sv,
    "\v1"sv,
    "\f1"sv,
};

TEST(JsonScanner, AcceptsWhatJsonParseAccepts) {
  for (const auto document : valid_documents) {
    EXPECT_TRUE(is_json(document)) << document;
    EXPECT_TRUE(compact(document).has_value()) << document;
  }
}

TEST(JsonScanner, RejectsWhatJsonParseRejects) {
  for (const auto document : invalid_documents) {
    EXPECT_FALSE(is_json(document)) << document;
    EXPECT_FALSE(compact(document).has_value()) << document;
  }
}

TEST(JsonScanner, SaysTheSameAtEverySplit) {
  for (const auto* documents : {&valid_documents, &invalid_documents}) {
    for (const auto document : *documents) {
      const std::string whole = scan({document});
      EXPECT_EQ(scan(bytes_of(document)), whole) << document;
      for (std::size_t at = 0; at <= document.size(); ++at) {
        EXPECT_EQ(scan({document.substr(0, at), document.substr(at)}), whole) << document << " at " << at;
        EXPECT_EQ(scan({document.substr(0, at), "", document.substr(at)}), whole) << document << " at " << at;
      }
    }
  }
}

TEST(JsonScanner, NamesTheTokensInTheirOrder) {
  EXPECT_EQ(scan({R"({"a":[1.50,"x\ny"],"b":{"c":null}})"}),
            "{\nname a\n[\n1.50\nstring x\ny\n]\nname b\n{\nname c\nnull\n}\n}\n");
}

TEST(JsonScanner, DecodesEscapes) {
  EXPECT_EQ(scan({R"("\"\\\/\b\f\n\r\tA\u00e9\u20ac\ud83d\ude00")"}),
            "string \"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n");
  EXPECT_EQ(scan({R"("\u0000")"}), "string \0\n"sv);
}

TEST(JsonScanner, AcceptsALoneSurrogateEscape) {
  const std::string replaced(replacement_character);
  EXPECT_EQ(scan({R"("a\ud800b")"}), "string a" + replaced + "b\n");
  EXPECT_EQ(scan({R"("\ud800\n")"}), "string " + replaced + "\n\n");
  EXPECT_EQ(scan({R"("\ud800\ud83d\ude00\ude00")"}),
            "string " + replaced + "\xF0\x9F\x98\x80" + replaced + "\n");
  EXPECT_EQ(scan({R"({"\udc00":1})"}), "{\nname " + replaced + "\n1\n}\n");
}

TEST(JsonScanner, GivesViewsOfTheFedBytes) {
  const std::string_view document = R"("plain text, \n and more plain text")";
  Scanner scanner;
  scanner.feed(document);
  ASSERT_EQ(scanner.next(), Token::string_part);
  EXPECT_EQ(scanner.text().data(), document.data() + 1);
  EXPECT_EQ(scanner.raw(), "plain text, ");
  ASSERT_EQ(scanner.next(), Token::string_part);
  EXPECT_EQ(scanner.text(), "\n");
  EXPECT_EQ(scanner.raw(), "\\n");
  ASSERT_EQ(scanner.next(), Token::string);
  EXPECT_EQ(scanner.text(), " and more plain text");
  EXPECT_EQ(scanner.next(), Token::need_more);
  EXPECT_EQ(scanner.next(), Token::need_more);
  scanner.finish();
  EXPECT_EQ(scanner.next(), Token::end);
  EXPECT_EQ(scanner.next(), Token::end);
}

TEST(JsonScanner, AsksForMoreAfterANumberThatMayGoOn) {
  Scanner scanner;
  scanner.feed("12");
  EXPECT_EQ(scanner.next(), Token::need_more);
  scanner.feed("34 ");
  ASSERT_EQ(scanner.next(), Token::number);
  EXPECT_EQ(scanner.text(), "1234");
}

TEST(JsonScanner, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(scan({"[1,2]", "  ]"}), "[\n1\n2\n]\nerror: invalid character ']' at byte 7");
  EXPECT_EQ(scan({"[1,"}), "[\n1\nerror: unexpected end at byte 3");
  EXPECT_EQ(scan({"\"a", "\n\""}), "error: invalid byte 0x0a at byte 2");
  EXPECT_EQ(scan({"\xEF\xBB\xBF{}"}), "error: invalid byte 0xef at byte 0");
  EXPECT_EQ(scan({"\"ab\xFF\""}), "error: invalid UTF-8 at byte 3");
  EXPECT_EQ(scan({""}), "error: unexpected end at byte 0");
}

TEST(JsonScanner, StaysInvalid) {
  Scanner scanner;
  scanner.feed("[}[]");
  EXPECT_EQ(scanner.next(), Token::begin_array);
  EXPECT_EQ(scanner.next(), Token::invalid);
  EXPECT_EQ(scanner.next(), Token::invalid);
}

TEST(JsonScanner, CountsItsDepth) {
  Scanner scanner;
  scanner.feed(R"({"a":[]})");
  EXPECT_EQ(scanner.depth(), 0u);
  for (const std::size_t depth : {1u, 1u, 2u, 1u, 0u}) {
    scanner.next();
    EXPECT_EQ(scanner.depth(), depth);
  }
}

TEST(JsonScanner, AcceptsAMillionLevels) {
  const std::size_t levels = 1'000'000;
  EXPECT_TRUE(is_json(std::string(levels, '[') + std::string(levels, ']')));
  EXPECT_FALSE(is_json(std::string(levels, '[') + std::string(levels - 1, ']') + '}'));
}

TEST(JsonScanner, AcceptsTheLongestNumberAndRejectsOneByteMore) {
  const std::string longest(number_bytes_max, '7');
  EXPECT_TRUE(is_json(longest));
  EXPECT_TRUE(is_json('[' + longest + ']'));
  EXPECT_FALSE(is_json(longest + '7'));
}

TEST(JsonCompactor, DropsWhiteSpaceAndKeepsAllElse) {
  EXPECT_EQ(compact(R"( { "a b" : [ 1.0e5 , "\u00e9 \n" , { } , [ ] ] , "" : null } )"),
            R"({"a b":[1.0e5,"\u00e9 \n",{},[]],"":null})");
  EXPECT_EQ(compact(R"([["\ud800\ud800","\ud83d\ude00"],{"a":{"b":true},"c":-0}])"),
            R"([["\ud800\ud800","\ud83d\ude00"],{"a":{"b":true},"c":-0}])");
}

TEST(JsonCompactor, WritesTheSameAtEverySplit) {
  for (const auto document : valid_documents) {
    const auto whole = compact(document);
    EXPECT_EQ(compact_pieces(bytes_of(document)), whole);
    for (std::size_t at = 0; at <= document.size(); ++at) {
      EXPECT_EQ(compact_pieces({document.substr(0, at), document.substr(at)}), whole);
    }
    EXPECT_EQ(compact(*whole), whole);
  }
}

TEST(JsonCompactor, TakesOneValueOutOfALargerDocument) {
  Scanner scanner;
  Compactor compactor(100);
  scanner.feed(R"({"skip":1,"keep": [ 1, {"x": 2} ],"more": "s" })");
  for (Token token = scanner.next(); token != Token::name || scanner.text() != "keep";)
    token = scanner.next();
  while (!compactor.add(scanner, scanner.next())) continue;
  EXPECT_EQ(compactor.take(), R"([1,{"x":2}])");
  EXPECT_EQ(scanner.next(), Token::name);
  EXPECT_EQ(scanner.text(), "more");
  EXPECT_TRUE(compactor.add(scanner, scanner.next()));
  EXPECT_EQ(compactor.take(), R"("s")");
}

TEST(JsonCompactor, CountsBeyondItsLimitWithoutStoring) {
  EXPECT_EQ(compact_pieces({"[ 1, 22 ]"}, 6), "[1,22]");
  EXPECT_EQ(compact_pieces({"[ 1, 22 ]"}, 5), "");
  Scanner scanner;
  Compactor compactor(5);
  scanner.feed("[ 1, 22 ]");
  while (!compactor.add(scanner, scanner.next())) continue;
  EXPECT_TRUE(compactor.overflowed());
  EXPECT_EQ(compactor.size(), 6u);
  compactor.take();
  EXPECT_FALSE(compactor.overflowed());
}

TEST(JsonScanner, ReadsBackWhatIsQuoted) {
  std::string text;
  for (char32_t code_point = 0; code_point < 0x3000; ++code_point) append_utf8(text, code_point);
  EXPECT_EQ(scan({json::quoted(text)}), "string " + text + "\n");
}

struct BoostVerdict {
  std::string normal_form;  // the value as Boost.JSON writes it: texts compare where NaN does not
  boost::system::error_code failure;

  // Exponents that no double can hold and lone surrogates, which it sometimes calls a syntax error.
  bool knows_less_than_json_parse(std::string_view text) const {
    using boost::json::error;
    const bool has_surrogates = text.find("\\ud") != text.npos || text.find("\\uD") != text.npos;
    return failure == error::exponent_overflow || failure == error::illegal_leading_surrogate ||
           failure == error::illegal_trailing_surrogate || failure == error::expected_utf16_escape ||
           (failure == error::syntax && has_surrogates);
  }
};

BoostVerdict ask_boost(std::string_view text) {
  BoostVerdict verdict;
  const auto value = boost::json::parse({text.data(), text.size()}, verdict.failure);
  if (!verdict.failure) verdict.normal_form = boost::json::serialize(value);
  return verdict;
}

std::string mutate(std::string text, std::mt19937& random) {
  static constexpr std::string_view alphabet =
      "{}[]:,\"\\ \n-+.eE0123456789truefalsnbux/\x01\x80\xC3\xA9\xE2\xED\xF4";
  const auto below = [&random](std::size_t end) { return random() % std::max<std::size_t>(end, 1); };
  for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
    const std::size_t at = below(text.size());
    switch (below(4)) {
      case 0:
        text.insert(at, 1, alphabet[below(alphabet.size())]);
        break;
      case 1:
        text.erase(at, 1);
        break;
      case 2:
        text.insert(at, text.substr(below(text.size()), below(6)));
        break;
      default:
        if (!text.empty()) text[at] = alphabet[below(alphabet.size())];
    }
  }
  return text;
}

TEST(JsonScanner, AgreesWithBoostJsonOnMutatedDocuments) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = mutate(std::string(valid_documents[random() % valid_documents.size()]), random);
    const BoostVerdict expected = ask_boost(text);
    if (expected.knows_less_than_json_parse(text)) continue;
    const auto actual = compact(text);
    ASSERT_EQ(actual.has_value(), !expected.failure) << text << ": " << expected.failure.message();
    if (!actual) continue;
    ++accepted;
    ASSERT_EQ(ask_boost(*actual).normal_form, expected.normal_form) << text;
    ASSERT_EQ(compact_pieces(bytes_of(text)), actual) << text;
  }
  EXPECT_GT(accepted, 1000u);
}

}  // namespace
}  // namespace cubby::json
