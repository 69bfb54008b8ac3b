#include "wire/multipart.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/piecewise_source.hpp"
#include "tests/support/run_task.hpp"

namespace cubby {
namespace {

using namespace std::string_literals;

struct Part {
  PartHeader header;
  std::string content;

  bool operator==(const Part&) const = default;
};
using Parts = std::vector<Part>;

Task<Result<Parts>> read_all(ByteSource& source, std::string boundary) {
  MultipartReader reader(source, boundary);
  Parts parts;
  while (true) {
    auto header = co_await reader.next_part();
    if (!header) co_return header.error();
    if (!*header) break;
    Part part{**header, {}};
    while (true) {
      const auto piece = co_await reader.read_part();
      if (!piece) co_return piece.error();
      if (piece->empty()) break;
      part.content += *piece;
    }
    parts.push_back(std::move(part));
  }
  co_return parts;
}

Result<Parts> parse(const std::string& body, const std::string& boundary, std::size_t piece_bytes) {
  PiecewiseSource source(body, piece_bytes);
  return run(read_all(source, boundary));
}

const std::vector<std::size_t> piece_sizes = {1, 2, 3, 5, 7, 11, 16, 31, 64, 100, 1'000'000};

void expect_parts(const std::string& body, const std::string& boundary, const Parts& expected) {
  for (const std::size_t piece_bytes : piece_sizes) {
    const auto parts = parse(body, boundary, piece_bytes);
    ASSERT_TRUE(parts.has_value()) << parts.error().argument << ", pieces of " << piece_bytes;
    EXPECT_EQ(*parts, expected) << "pieces of " << piece_bytes;
  }
}

void expect_malformed(const std::string& body, const std::string& boundary, const std::string& why) {
  for (const std::size_t piece_bytes : piece_sizes) {
    const auto parts = parse(body, boundary, piece_bytes);
    ASSERT_FALSE(parts.has_value()) << "pieces of " << piece_bytes;
    EXPECT_EQ(parts.error(), fail(Errc::form_malformed, why)) << "pieces of " << piece_bytes;
  }
}

// A form of one part "value" with the boundary "b".
std::string form_of(const std::string& content) {
  return "--b\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\n" + content + "\r\n--b--\r\n";
}

PartHeader header_of(const std::string& disposition) {
  return parse("--b\r\nContent-Disposition: " + disposition + "\r\n\r\n\r\n--b--", "b", 1000)
      .value()
      .at(0)
      .header;
}

// Appendix A of the contract: the value's own CRLF stands before the boundary's.
TEST(MultipartReader, ReadsABinaryFileOfWrangler) {
  const std::string boundary = "----formdata-undici-088064922598";
  const std::string value = "\x00\xFF\xFE"s + "bin\r\n";
  const std::string body = "--" + boundary +
                           "\r\nContent-Disposition: form-data; name=\"value\"; filename=\"blob\"\r\n"
                           "Content-Type: application/octet-stream\r\n\r\n" +
                           value + "\r\n--" + boundary +
                           "\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n"
                           "{\"x\":1}\r\n--" +
                           boundary + "--\r\n";
  EXPECT_EQ(body.size(), 285u);
  expect_parts(body, boundary, {{{"value", "blob"}, value}, {{"metadata"}, "{\"x\":1}"}});
}

TEST(MultipartReader, ReadsTheFlattenedMetadataOfTheTypeScriptSdk) {
  const auto part = [](const std::string& name, const std::string& content) {
    return "------x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content + "\r\n";
  };
  const std::string body = part("value", "hello") + part("metadata[a]", "1") + part("metadata[b][c][]", "1") +
                           part("metadata[b][c][]", "2") + "------x--\r\n";
  expect_parts(body, "----x",
               {{{"value"}, "hello"},
                {{"metadata[a]"}, "1"},
                {{"metadata[b][c][]"}, "1"},
                {{"metadata[b][c][]"}, "2"}});
}

TEST(MultipartReader, ReadsAnEmptyValue) {
  expect_parts(form_of(""), "b", {{{"value"}, ""}});
}

TEST(MultipartReader, ReadsWhatPythonAndCurlSend) {
  const std::string python = "0123456789abcdef0123456789abcdef";
  expect_parts("--" + python +
                   "\r\nContent-Disposition: form-data; name=\"value\"; filename=\"upload\"\r\n"
                   "Content-Type: application/octet-stream\r\n\r\nv\r\n--" +
                   python + "--\r\n",
               python, {{{"value", "upload"}, "v"}});
  const std::string curl = "------------------------0123456789abcdef";
  expect_parts("--" + curl +
                   "\r\nContent-Disposition: form-data; name=\"metadata\"\r\n"
                   "Content-Type: application/json\r\n\r\n{}\r\n--" +
                   curl + "--\r\n",
               curl, {{{"metadata"}, "{}"}});
}

TEST(MultipartReader, ReadsAFormWithoutParts) {
  expect_parts("--b--\r\n", "b", {});
}

TEST(MultipartReader, IgnoresPreambleAndEpilogue) {
  expect_parts("preamble\r\n--a\r\n" + form_of("v") + "epilogue\r\n--b\r\nnothing", "b", {{{"value"}, "v"}});
  expect_parts("\r\n" + form_of("v"), "b", {{{"value"}, "v"}});
}

TEST(MultipartReader, AcceptsBlanksAfterABoundary) {
  expect_parts("--b \t\r\ncontent-disposition:form-data;name=value\r\n\r\nv\r\n--b--", "b",
               {{{"value"}, "v"}});
}

TEST(MultipartReader, KeepsWhatOnlyLooksLikeABoundary) {
  for (const auto& content : {"\r\n"s,     "\r"s,       "\n"s,         "\r\n\r\n"s,    "\r\r\n"s,
                              "\r\n-"s,    "\r\n--"s,   "\r\n--a"s,    "--b"s,         "--b--"s,
                              "\n--b"s,    "\r--b"s,    "\r\n\r\n--"s, "\r\n-\r\n--"s, "\r\n--\r\n--\r\n"s,
                              "\r\n --b"s, "\r\n---b"s, "a--b\r\n"s,   "\0\r\n\0"s,    "\r\n--B--\r\n"s}) {
    expect_parts(form_of(content), "b", {{{"value"}, content}});
  }
}

TEST(MultipartReader, KeepsPrefixesOfALongBoundary) {
  const std::string boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
  std::string content;
  for (std::size_t length = 0; length < boundary.size(); ++length) {
    content += "\r\n--" + boundary.substr(0, length);
  }
  expect_parts("--" + boundary + "\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\n" + content +
                   "\r\n--" + boundary + "--",
               boundary, {{{"value"}, content}});
}

TEST(MultipartReader, KeepsRandomContentAtRandomSplits) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string content;
    for (auto length = random() % 40; length > 0; --length) content += "\r\n--bx"[random() % 6];
    if (content.find("\r\n--bb") != content.npos || ("\r\n" + content).find("\r\n--bb") == 0) continue;
    const std::string body =
        "--bb\r\nContent-Disposition: form-data; name=\"v\"\r\n\r\n" + content + "\r\n--bb--\r\n";
    const auto parts = parse(body, "bb", 1 + random() % 12);
    ASSERT_TRUE(parts.has_value()) << content;
    ASSERT_EQ(*parts, (Parts{{{"v"}, content}}));
  }
}

TEST(MultipartReader, SkipsWhatWasLeftUnread) {
  PiecewiseSource source("--b\r\nContent-Disposition: form-data; name=\"first\"\r\n\r\n" +
                             std::string(1000, 'x') + "\r\n" + form_of("v"),
                         10);
  MultipartReader reader(source, "b");
  EXPECT_EQ(run(reader.next_part()).value()->name, "first");
  EXPECT_FALSE(run(reader.read_part()).value().empty());
  EXPECT_EQ(run(reader.next_part()).value()->name, "value");
  EXPECT_EQ(run(reader.next_part()).value(), std::nullopt);
  EXPECT_EQ(run(reader.next_part()).value(), std::nullopt);
}

TEST(MultipartReader, StaysAtTheEndOfAPart) {
  PiecewiseSource source(form_of("v"), 1000);
  MultipartReader reader(source, "b");
  run(reader.next_part()).value();
  EXPECT_EQ(run(reader.read_part()).value(), "v");
  EXPECT_EQ(run(reader.read_part()).value(), "");
  EXPECT_EQ(run(reader.read_part()).value(), "");
}

TEST(MultipartReader, GivesAPartInFewPieces) {
  const std::string content = "line\r\nline\r\n--\r\n" + std::string(1000, '\r');
  PiecewiseSource source(form_of(content), 100'000);
  MultipartReader reader(source, "b");
  run(reader.next_part()).value();
  EXPECT_EQ(run(reader.read_part()).value(), content);
}

TEST(MultipartReader, DecodesNamesAsTheClientsWriteThem) {
  EXPECT_EQ(header_of("form-data; name=\"a\\\"b\\\\c\""), PartHeader{"a\"b\\c"});     // Go, old curl
  EXPECT_EQ(header_of("form-data; name=\"a%22b%0D%0Ac\""), PartHeader{"a\"b\r\nc"});  // browsers, undici
  EXPECT_EQ(header_of("form-data; name=\"100%41\""), PartHeader{"100%41"});           // no escape of theirs
  EXPECT_EQ(header_of("form-data; name=\"f\"; filename=\"C:\\dir\\x\""), (PartHeader{"f", "C:\\dir\\x"}));
  EXPECT_EQ(header_of("form-data; name=\"f\"; filename=\"a;b=\\\"c\""), (PartHeader{"f", "a;b=\"c"}));
  EXPECT_EQ(header_of("Form-Data;NAME = f ; filename=\"\";"), (PartHeader{"f", ""}));
  EXPECT_EQ(header_of("form-data; filename=x; name=\"\xC3\xA9\""), (PartHeader{"\xC3\xA9", "x"}));
}

TEST(MultipartReader, RejectsABodyThatEndsEarly) {
  const std::string whole = form_of("value");
  const std::size_t needed = whole.size() - 2;  // the last line end may be missing
  for (std::size_t length = 0; length < needed; ++length) {
    for (const std::size_t piece_bytes : {1u, 7u, 1000u}) {
      const auto parts = parse(whole.substr(0, length), "b", piece_bytes);
      ASSERT_FALSE(parts.has_value()) << length;
      EXPECT_EQ(parts.error(), fail(Errc::form_malformed, "it ends early"));
    }
  }
  EXPECT_TRUE(parse(whole.substr(0, needed), "b", 1).has_value());
}

TEST(MultipartReader, RejectsHeadersThatDoNotParse) {
  const auto form = [](const std::string& headers) { return "--b\r\n" + headers + "\r\n\r\nv\r\n--b--"; };
  expect_malformed(form("Content-Type: text/plain"), "b", "a part without a Content-Disposition");
  expect_malformed(form(""), "b", "a part without a Content-Disposition");
  expect_malformed(form("Content-Disposition: form-data"), "b", "a part without a name");
  expect_malformed(form("Content-Disposition: attachment; name=a"), "b", "a part that is no form-data");
  expect_malformed(form("Content-Disposition: form-data; name=\"a"), "b",
                   "a part's Content-Disposition does not parse");
  expect_malformed(form("Content-Disposition: form-data; name=\"a\"b"), "b",
                   "a part's Content-Disposition does not parse");
  expect_malformed(form("no header"), "b", "a part's header line does not parse");
  expect_malformed(form("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b"),
                   "b", "a part with two Content-Dispositions");
  expect_malformed("--bc\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n--bc--", "b",
                   "characters after a boundary");
}

TEST(MultipartReader, AcceptsTheLongestHeadersAndRejectsOneByteMore) {
  const std::string rest = "\r\nContent-Disposition: form-data; name=\"v\"\r\nX: ";
  const auto form = [&rest](std::size_t bytes) {
    return "--b" + rest + std::string(bytes - rest.size(), 'x') + "\r\n\r\nv\r\n--b--";
  };
  expect_parts(form(part_head_bytes_max), "b", {{{"v"}, "v"}});
  expect_malformed(form(part_head_bytes_max + 1), "b", "the headers of a part are too long");
}

TEST(MultipartReader, AcceptsTheMostPartsAndRejectsOneMore) {
  std::string body;
  const auto add = [&body] { body += "--b\r\nContent-Disposition: form-data; name=\"v\"\r\n\r\nv\r\n"; };
  for (std::size_t i = 0; i < form_parts_max; ++i) add();
  EXPECT_EQ(parse(body + "--b--", "b", 1000).value().size(), form_parts_max);
  add();
  expect_malformed(body + "--b--", "b", "more than 256 parts");
}

TEST(MultipartReader, PassesOnAnErrorOfTheSource) {
  for (const std::string& body : {""s, "--b\r\nConte"s, form_of("v").substr(0, 55), form_of("v")}) {
    PiecewiseSource source(body, 10, fail(Errc::client_gone));
    EXPECT_EQ(run(read_all(source, "b")).error(), fail(Errc::client_gone));
  }
}

TEST(Boundary, IsFoundQuotedOrNotAndInAnyOrder) {
  EXPECT_EQ(boundary_of("multipart/form-data; boundary=abc").value(), "abc");
  EXPECT_EQ(boundary_of("Multipart/Form-Data;charset=utf-8 ; Boundary = \"a b;c=d\" ; x=y").value(),
            "a b;c=d");
  EXPECT_EQ(boundary_of("multipart/form-data; boundary=----=_Part_0:1/2?").value(), "----=_Part_0:1/2?");
  EXPECT_EQ(boundary_of("multipart/form-data; boundary=" + std::string(70, 'x')).value(),
            std::string(70, 'x'));
}

TEST(Boundary, IsRefusedWhenMissingOrIllegal) {
  for (const auto& type :
       {"multipart/form-data"s, "multipart/form-data; boundary"s, "multipart/form-data; boundary="s,
        "multipart/form-data; boundary=\"\""s, "multipart/form-data; boundary=\"a"s,
        "multipart/form-data; boundary=\"a \""s, "multipart/form-data; boundary=a\rb"s,
        "multipart/form-data; boundary=\xC3\xA9"s, "text/plain; boundary=a"s,
        "multipart/form-data; boundary=" + std::string(71, 'x')}) {
    ASSERT_FALSE(boundary_of(type).has_value()) << type;
    EXPECT_EQ(boundary_of(type).error().code, Errc::form_malformed);
  }
}

TEST(MultipartForm, IsKnownByItsTypeInAnyCase) {
  EXPECT_TRUE(is_multipart_form("multipart/form-data"));
  EXPECT_TRUE(is_multipart_form(" Multipart/FORM-data ;boundary=x"));
  EXPECT_FALSE(is_multipart_form(""));
  EXPECT_FALSE(is_multipart_form("multipart/form-data-x"));
  EXPECT_FALSE(is_multipart_form("multipart/mixed; boundary=x"));
  EXPECT_FALSE(is_multipart_form("text/plain; x=multipart/form-data"));
}

}  // namespace
}  // namespace cubby
