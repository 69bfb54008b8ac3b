// Families of requests about where a body ends: lengths, codings, chunks, trailers.
#pragma once

#include <string>
#include <vector>

#include "tests/support/corpus_families.hpp"

namespace cubby::wire {

class BodyCorpus : public CorpusFamilies {
 public:
  BodyCorpus() {
    add_framings();
    add_lengths();
    add_codings();
    add_chunk_sizes();
    add_chunk_extensions();
    add_chunk_ends_and_trailers();
  }

 private:
  // Each pair of headers that say how long the body is, with a body for either reading.
  void add_framings() {
    const std::vector<std::string> framings = {"Content-Length: 5\r\n",
                                               "Content-Length: 6\r\n",
                                               "Content-Length: 0\r\n",
                                               "content-length:5\r\n",
                                               "Content-Length : 5\r\n",
                                               "Content_Length: 5\r\n",
                                               "Content-Length: 5, 5\r\n",
                                               "Content-Length: 5,6\r\n",
                                               "Transfer-Encoding: chunked\r\n",
                                               "transfer-encoding:chunked\r\n",
                                               "TRANSFER-ENCODING: CHUNKED\r\n",
                                               "Transfer-Encoding : chunked\r\n",
                                               "Transfer-Encoding: identity\r\n",
                                               "Transfer-Encoding: xchunked\r\n",
                                               "Transfer-Encoding: gzip, chunked\r\n",
                                               "Transfer_Encoding: chunked\r\n",
                                               "Transfer-Encoding:\tchunked\r\n",
                                               "X: y\r\nTransfer-Encoding: chunked\r\n"};
    for (const std::string& first : framings) {
      for (const std::string& second : framings) add("two framings", put(first + second, "0\r\n\r\n"));
      add("one framing", put(first, "0\r\n\r\n"));
      add("one framing", put(first, "hello"));
      add("one framing of HTTP/1.0", "PUT /x HTTP/1.0\r\n" + first + "\r\n0\r\n\r\n");
      add("one framing of a GET", "GET /x HTTP/1.1\r\nHost: h\r\n" + first + "\r\n0\r\n\r\n");
    }
  }

  void add_lengths() {
    for (const char* const length : {"",
                                     " ",
                                     "0",
                                     "00",
                                     "5",
                                     "05",
                                     "0000000000000000000005",
                                     "+5",
                                     "-5",
                                     "-0",
                                     "5.",
                                     "5.0",
                                     "5e0",
                                     "0x5",
                                     "5 5",
                                     "5,5",
                                     "5, 5",
                                     ",5",
                                     "5,",
                                     "5;5",
                                     "five",
                                     "5five",
                                     "\"5\"",
                                     "5\t",
                                     "\t5",
                                     "18446744073709551615",
                                     "18446744073709551616",
                                     "99999999999999999999",
                                     "9223372036854775808",
                                     "4294967301",
                                     "1 ",
                                     "٥",
                                     "5\x0b",
                                     "5\x0c",
                                     "5\xa0",
                                     "\xef\xbc\x95",
                                     "NaN",
                                     "Infinity",
                                     "5\\",
                                     "(5)",
                                     "5%",
                                     "%35"}) {
      add("a length", put("Content-Length: " + std::string(length) + "\r\n", "hello"));
      add("a length after another header",
          put("X: 1\r\ncontent-length:" + std::string(length) + "\r\n", "hello"));
    }
  }

  void add_codings() {
    for (const char* const coding : {"chunked",
                                     "Chunked",
                                     "cHuNkEd",
                                     " chunked ",
                                     "chunked,",
                                     ",chunked",
                                     "chunked, chunked",
                                     "chunked,chunked",
                                     "chunked;q=1",
                                     "chunked x",
                                     "x chunked",
                                     "\"chunked\"",
                                     "chunked\t",
                                     "\tchunked",
                                     "chunked\x0b",
                                     "\x0b"
                                     "chunked",
                                     "chunke",
                                     "chunkedd",
                                     "identity, chunked",
                                     "chunked, identity",
                                     "gzip",
                                     "deflate",
                                     "trailers",
                                     "",
                                     " ",
                                     ",",
                                     "chunk\xc3\xa9"
                                     "d",
                                     "\xa0"
                                     "chunked",
                                     "chunked\xa0",
                                     "chunked\\",
                                     "0",
                                     "none",
                                     "c h u n k e d"}) {
      add("a coding", put("Transfer-Encoding: " + std::string(coding) + "\r\n", "5\r\nhello\r\n0\r\n\r\n"));
      add("a coding beside TE", put("TE: trailers\r\ntransfer-encoding:" + std::string(coding) + "\r\n",
                                    "5\r\nhello\r\n0\r\n\r\n"));
    }
  }

  void add_chunk_sizes() {
    for (const char* const size : {"5",
                                   "05",
                                   "0000000000000000000000000000000000000005",
                                   "0x5",
                                   "0X5",
                                   "+5",
                                   "-5",
                                   "-0",
                                   "5h",
                                   "h",
                                   "",
                                   " 5",
                                   "5 ",
                                   "5\t",
                                   "\t5",
                                   "5 5",
                                   "5,",
                                   "5.0",
                                   "ffffffffffffffff",
                                   "fffffffffffffffff",
                                   "10000000000000000",
                                   "8000000000000000",
                                   "7fffffffffffffff",
                                   "100000005",
                                   "F",
                                   "f",
                                   "g",
                                   "G",
                                   "5\xa0",
                                   "\xef\xbc\x95",
                                   "5\x0b",
                                   "5\r",
                                   "5\n",
                                   "\n5",
                                   "5\r\r",
                                   "\r5",
                                   "5;",
                                   ";5",
                                   "\"5\"",
                                   "'5'",
                                   "5%",
                                   "%35",
                                   "0",
                                   "00",
                                   "A",
                                   "a",
                                   "1e1",
                                   "5_",
                                   "0b101",
                                   "#5",
                                   "5#"}) {
      add("a chunk's size", chunked(std::string(size) + "\r\nhello\r\n0\r\n\r\n"));
      add("the size of a later chunk", chunked("1\r\nx\r\n" + std::string(size) + "\r\nhello\r\n0\r\n\r\n"));
      add("the size of the last chunk", chunked("5\r\nhello\r\n" + std::string(size) + "\r\n\r\n"));
    }
  }

  void add_chunk_extensions() {
    for (const std::string& extension : {std::string(";"),
                                         std::string(";a"),
                                         std::string(";a=b"),
                                         std::string(";a=\"b\""),
                                         std::string(";a=\"b;c\""),
                                         std::string(";a=\"b\\\"c\""),
                                         std::string(";a=\"b"),
                                         std::string(";a=b\""),
                                         std::string(";=b"),
                                         std::string(";a="),
                                         std::string(" ;a"),
                                         std::string("; a"),
                                         std::string("\t;\ta\t=\tb"),
                                         std::string(";a ="),
                                         std::string(";a = b"),
                                         std::string(";a b"),
                                         std::string(";a;b;c"),
                                         std::string(";;"),
                                         std::string(" "),
                                         std::string("  "),
                                         std::string("\t"),
                                         std::string(";a=b c"),
                                         std::string(";a\rb"),
                                         std::string(";a\nb"),
                                         std::string(";\r"),
                                         std::string(";\n"),
                                         std::string(";a=\"\r\n\""),
                                         std::string(";a=\"\n\""),
                                         std::string(";a=\"\0\"", 6),
                                         std::string(";\0", 2),
                                         std::string(";a=\x7f"),
                                         std::string(";a=\"\x7f\""),
                                         std::string(";\xc3\xa9"),
                                         std::string(";a=\"\xc3\xa9\""),
                                         std::string("a=b"),
                                         std::string(",a"),
                                         ";" + std::string(255, 'a'),
                                         ";" + std::string(256, 'a'),
                                         ";" + std::string(40'000, 'a')}) {
      add("a chunk's extension", chunked("5" + extension + "\r\nhello\r\n0\r\n\r\n"));
      add("an extension of the last chunk", chunked("5\r\nhello\r\n0" + extension + "\r\n\r\n"));
    }
  }

  void add_chunk_ends_and_trailers() {
    for (const char* const end :
         {"", "\r", "\n", "\n\n", "\r\r", "\r\n\r\n", " \r\n", "x\r\n", "\r\nx", "\0\r\n", "\n\r"})
      add("the end of a chunk", chunked("5\r\nhello" + std::string(end) + "0\r\n\r\n"));
    for (const char* const end :
         {"", "\r", "\n", "\r\n", "\r\r\n", "\n\r\n", "\r\n\n", "x\r\n\r\n", "\r\n\r\n\r\n"})
      add("the end of the last chunk", chunked("5\r\nhello\r\n0" + std::string(end)));
    for (const std::string& trailer : {std::string("X: y"),
                                       std::string("X:"),
                                       std::string("X"),
                                       std::string(": y"),
                                       std::string(" X: y"),
                                       std::string("X : y"),
                                       std::string("X: y\r\n z"),
                                       std::string("X: \0", 4),
                                       std::string("X: \x7f"),
                                       std::string("X: \xc3\xa9"),
                                       std::string("Content-Length: 5"),
                                       std::string("Transfer-Encoding: chunked"),
                                       std::string("Host: evil"),
                                       std::string("Host: a\r\nHost: b"),
                                       std::string("Connection: close"),
                                       std::string("Authorization: Bearer x"),
                                       std::string("Expect: 100-continue"),
                                       std::string("X: y\nZ: y"),
                                       std::string("X: y\rZ: y"),
                                       std::string("GET /evil HTTP/1.1"),
                                       std::string("X: y\r\n\r\nGET /x HTTP/1.1"),
                                       "X: " + std::string(32 * 1024, 'y'),
                                       "X: " + std::string(100'000, 'y')}) {
      add("a trailer", chunked("5\r\nhello\r\n0\r\n" + trailer + "\r\n\r\n"));
    }
  }
};

}  // namespace cubby::wire
