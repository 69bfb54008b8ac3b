// Families of requests about heads: bytes, lines, targets, hosts, sizes, and what is no request at all.
#pragma once

#include <string>
#include <vector>

#include "tests/support/corpus_families.hpp"

namespace cubby::wire {

class HeadCorpus : public CorpusFamilies {
 public:
  HeadCorpus() {
    add_every_byte_everywhere();
    add_line_ends();
    add_folds();
    add_request_lines();
    add_targets();
    add_percents();
    add_hosts();
    add_connections();
    add_bombs();
    add_garbage();
  }

 private:
  void add_every_byte_everywhere() {
    for (int i = 0; i < 256; ++i) {
      const std::string byte(1, static_cast<char>(i));
      add("a byte in the target", get("/a" + byte + "b"));
      add("a byte in a name", "GET /x HTTP/1.1\r\nHost: h\r\nA" + byte + "B: c\r\n\r\n");
      add("a byte in a value", "GET /x HTTP/1.1\r\nHost: h\r\nA: b" + byte + "c\r\n\r\n");
      const bool is_odd =
          i < 48 || (i >= 58 && i < 66) || (i >= 91 && i < 98) || i >= 250 || (i >= 123 && i < 130);
      if (!is_odd) continue;
      add("a byte in the method", "GE" + byte + "T /x HTTP/1.1\r\nHost: h\r\n\r\n");
      add("a byte first", byte + "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
      add("a byte after the target", "GET /x" + byte + "HTTP/1.1\r\nHost: h\r\n\r\n");
      add("a byte in the version", "GET /x HTTP/1." + byte + "\r\nHost: h\r\n\r\n");
      add("a byte after the version", "GET /x HTTP/1.1" + byte + "\r\nHost: h\r\n\r\n");
      add("a byte before the colon", put("Content-Length" + byte + ": 5\r\n", "hello"));
      add("a byte before a length", put("Content-Length:" + byte + "5\r\n", "hello"));
      add("a byte after a length", put("Content-Length: 5" + byte + "\r\n", "hello"));
      add("a byte before a line end", put("Transfer-Encoding: chunked" + byte + "\r\n", "0\r\n\r\n"));
    }
  }

  // Each line end of a request in turn as something else.
  void add_line_ends() {
    const std::vector<std::string> lines = {"PUT /x HTTP/1.1", "Host: h", "Content-Length: 5", ""};
    for (const std::string& end :
         {std::string("\n"), std::string("\r"), std::string("\r\r\n"), std::string("\n\r"),
          std::string("\r\n\r"), std::string(" \r\n"), std::string("\t\r\n"), std::string("\0\r\n", 3),
          std::string("\x0b\r\n"), std::string("\x0c\r\n"), std::string("\x85\r\n"), std::string("\\r\\n"),
          std::string("%0d%0a"), std::string("\r\n\n"), std::string("")}) {
      for (std::size_t odd = 0; odd <= lines.size(); ++odd) {
        std::string bytes;
        for (std::size_t i = 0; i < lines.size(); ++i)
          bytes += lines[i] + (i == odd || odd == lines.size() ? end : "\r\n");
        add("a line end", bytes + "hello");
      }
    }
    for (const char* const first : {"\r\n", "\n", "\r", "\r\n\r\n", "\r\n\r\n\r\n", " ", "\t", " \r\n"})
      add("an empty line first", first + get("/x"));
    for (const char* const between : {"\r\n", "\n", "\r\n\r\n", " ", "x"})
      add("something after a body", put("Content-Length: 5\r\n", "hello") + between + get("/y"));
  }

  void add_folds() {
    for (const char* const fold :
         {"\r\n ", "\r\n\t", "\r\n  ", "\r\n \r\n ", "\n ", "\r ", " \r\n ", "\r\n \t"}) {
      const std::string f = fold;
      add("a fold", put("X: a" + f + "b\r\n", ""));
      add("a fold", put("X:" + f + "b\r\n", ""));
      add("a fold", put("X: a" + f + "\r\n", ""));
      add("a folded length", put("Content-Length:" + f + "5\r\n", "hello"));
      add("a folded length", put("Content-Length: 5" + f + "\r\n", "hello"));
      add("a folded length", put("Content-Length: 1" + f + "5\r\n", "hello"));
      add("a folded coding", put("Transfer-Encoding:" + f + "chunked\r\n", "0\r\n\r\n"));
      add("a folded coding", put("Transfer-Encoding: x" + f + "chunked\r\n", "0\r\n\r\n"));
      add("a folded name", put("Transfer-" + f + "Encoding: chunked\r\n", "0\r\n\r\n"));
      add("a hidden header", put("X: y" + f + "Content-Length: 5\r\n", "hello"));
      add("a folded host", "GET /x HTTP/1.1\r\nHost:" + f + "h\r\n\r\n");
      add("a fold first", "GET /x HTTP/1.1" + f + "Host: h\r\n\r\n");
    }
  }

  void add_request_lines() {
    for (const char* const line : {"GET",
                                   "GET ",
                                   "GET /",
                                   "GET / ",
                                   "GET /  HTTP/1.1",
                                   "GET  / HTTP/1.1",
                                   " GET / HTTP/1.1",
                                   "GET / HTTP/1.1 ",
                                   "GET\t/ HTTP/1.1",
                                   "GET /\tHTTP/1.1",
                                   "GET / HTTP/1.1 x",
                                   "GET / / HTTP/1.1",
                                   "GET HTTP/1.1",
                                   "/ HTTP/1.1",
                                   "GET / http/1.1",
                                   "GET / Http/1.1",
                                   "GET / HTTP 1.1",
                                   "GET / HTTP/1",
                                   "GET / HTTP/1.",
                                   "GET / HTTP/.1",
                                   "GET / HTTP/11",
                                   "GET / HTTP/1.11",
                                   "GET / HTTP/01.1",
                                   "GET / HTTP/1.01",
                                   "GET / HTTP/0.9",
                                   "GET / HTTP/1.0",
                                   "GET / HTTP/1.1",
                                   "GET / HTTP/1.2",
                                   "GET / HTTP/2",
                                   "GET / HTTP/2.0",
                                   "GET / HTTP/3",
                                   "GET / HTTP/9.9",
                                   "GET / HTTP/-1.1",
                                   "GET / HTTP/1.-1",
                                   "GET / HTTP/+1.1",
                                   "GET / HTTP/1,1",
                                   "GET / HTPP/1.1",
                                   "GET / XHTTP/1.1",
                                   "GET / HTTPS/1.1",
                                   "GET / ICAP/1.0",
                                   "GET / RTSP/1.0",
                                   "GET / SIP/2.0",
                                   "GET / HTTP/1.1HTTP/1.1",
                                   "get / HTTP/1.1",
                                   "Get / HTTP/1.1",
                                   "GETT / HTTP/1.1",
                                   "G / HTTP/1.1",
                                   "DELETE / HTTP/1.1",
                                   "PATCH / HTTP/1.1",
                                   "OPTIONS / HTTP/1.1",
                                   "OPTIONS * HTTP/1.1",
                                   "TRACE / HTTP/1.1",
                                   "CONNECT h:80 HTTP/1.1",
                                   "CONNECT / HTTP/1.1",
                                   "PRI * HTTP/2.0",
                                   "M-SEARCH / HTTP/1.1",
                                   "X_Y / HTTP/1.1",
                                   "!GET / HTTP/1.1",
                                   "GET! / HTTP/1.1",
                                   "GE(T / HTTP/1.1",
                                   "GET: / HTTP/1.1",
                                   "1 / HTTP/1.1",
                                   "HEAD / HTTP/1.1"}) {
      add("a request line", std::string(line) + "\r\nHost: h\r\n\r\n");
    }
    for (const std::size_t size : {1u, 10u, 100u, 1'000u, 10'000u, 31'000u, 40'000u})
      add("a long method", std::string(size, 'A') + " / HTTP/1.1\r\nHost: h\r\n\r\n");
  }

  void add_targets() {
    for (const char* const target : {"/",
                                     "//",
                                     "///",
                                     "/.",
                                     "/..",
                                     "/../..",
                                     "/a/../b",
                                     "/a//b",
                                     "/a/",
                                     "*",
                                     "x",
                                     "x/y",
                                     "..",
                                     "?",
                                     "?x",
                                     "#",
                                     "/#",
                                     "/x#y",
                                     "/?",
                                     "/??",
                                     "/?x#y",
                                     "http://h",
                                     "http://h/",
                                     "http://h/x",
                                     "https://h/x",
                                     "HTTP://h/x",
                                     "HtTp://h/x",
                                     "http:///x",
                                     "http://",
                                     "http:/x",
                                     "http:x",
                                     "http:",
                                     "http//h/x",
                                     "ftp://h/x",
                                     "file:///x",
                                     "javascript://x",
                                     "http://h?x",
                                     "http://h#x",
                                     "http://u@h/x",
                                     "http://u:p@h/x",
                                     "http://[::1]/x",
                                     "http://[::1/x",
                                     "http://h:80/x",
                                     "http://h:x/x",
                                     "http://evil/http://h/x",
                                     "/http://h/x",
                                     "h:80",
                                     "h",
                                     "//h/x",
                                     "\\x",
                                     "/\\x",
                                     "/x\\..\\y",
                                     "/[x]",
                                     "/{x}",
                                     "/x|y",
                                     "/x^y",
                                     "/x`y",
                                     "/\"x\"",
                                     "/<x>",
                                     "/x;y",
                                     "/x;y=z",
                                     "/x,y",
                                     "/x=y",
                                     "/x&y",
                                     "/x+y",
                                     "/x'y",
                                     "/x!y",
                                     "/x$y",
                                     "/(x)",
                                     "/x*y",
                                     "/x@y",
                                     "/x:y",
                                     "/~x",
                                     "/\xd0\xba",
                                     "/\xff",
                                     "/\xc0\xae\xc0\xae/",
                                     "/\xe0\x80\xaf",
                                     "/\xed\xa0\x80",
                                     "/\xf4\x90\x80\x80",
                                     "/?\xd0\xba=\xff"}) {
      add("a target", get(target));
      add("a target without Host", "GET " + std::string(target) + " HTTP/1.1\r\n\r\n");
      add("a target of OPTIONS", "OPTIONS " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    for (const std::size_t size : {1'000u, 8'000u, 32'000u, 32'768u, 33'000u, 65'536u, 300'000u})
      add("a long target", get("/" + std::string(size, 'a')));
  }

  void add_percents() {
    const std::string values = "/client/v4/accounts/a/storage/kv/namespaces/n/values/";
    for (const char* const text :
         {"%",         "%%",           "%0",   "%00",     "%0g",    "%g0",       "%zz",       "%2",
          "%2F",       "%2f",          "%25",  "%252F",   "%c0%ae", "%C0%AF",    "%e0%80%af", "%f0%80%80%af",
          "%ed%a0%80", "%f4%90%80%80", "%ff",  "%fe%ff",  "%c3",    "%c3%28",    "%a0",       "%u0041",
          "%0a",       "%0d%0a",       "%09",  "%20",     "%7f",    "% 41",      "%+1",       "%-1",
          "x%",        "x%4",          "%41%", "..%2f..", "%2e%2e", "%2e%2e%2f", "%5c",       "%5c%2e"}) {
      add("percents in a key", get(values + text));
      add("percents in a path", get("/" + std::string(text)));
      add("percents in a query", get("/x?prefix=" + std::string(text) + "&" + text + "=x"));
      add("percents for the binding",
          "GET /" + std::string(text) + "?urlencoded=true HTTP/1.1\r\nHost: fake-host\r\n\r\n");
    }
    for (const char* const raw : {"\x7F", "\xFF\x7F", "\xFF\xFE\x7F", "\x7F\x80\xFF"})
      add("the byte 0x7F in a target", get(values + raw));
  }

  void add_hosts() {
    for (const char* const headers : {"",
                                      "Host:\r\n",
                                      "Host: \r\n",
                                      "Host: h\r\n",
                                      "host: h\r\n",
                                      "HOST: h\r\n",
                                      "Host: h\r\nHost: h\r\n",
                                      "Host: a\r\nhost: b\r\n",
                                      "Host: h\r\nX: y\r\nHost: h\r\n",
                                      "Host : h\r\n",
                                      " Host: h\r\n",
                                      "Host h\r\n",
                                      "Host: h, i\r\n",
                                      "Host: h i\r\n",
                                      "Host: h/x\r\n",
                                      "Host: u@h\r\n",
                                      "Host: h:80\r\n",
                                      "Host: h:x\r\n",
                                      "Host: [::1]\r\n",
                                      "Host: [::1\r\n",
                                      "Host: h#\r\n",
                                      "Host: \xd0\xba\r\n",
                                      "Host: h\t\r\n",
                                      "X-Host: h\r\n",
                                      "Hos: h\r\n",
                                      "Host\r\n",
                                      ":h\r\n",
                                      "Host: ../..\r\n",
                                      "Host: *\r\n"}) {
      for (const char* const start :
           {"GET /x HTTP/1.1\r\n", "GET http://i/x HTTP/1.1\r\n", "GET /x HTTP/1.0\r\n"})
        add("a host", start + std::string(headers) + "\r\n");
    }
  }

  void add_connections() {
    for (const char* const value : {"close",
                                    "Close",
                                    "keep-alive",
                                    "close, keep-alive",
                                    "keep-alive, close",
                                    "keep-alive,close",
                                    "",
                                    ",",
                                    ",,",
                                    "x",
                                    "x, close",
                                    "close close",
                                    "close;q=1",
                                    "\"close\"",
                                    "close, ",
                                    ", close",
                                    "upgrade",
                                    "Upgrade, HTTP2-Settings",
                                    "content-length",
                                    "transfer-encoding",
                                    "host",
                                    "closed",
                                    "clos",
                                    "c\xc3\xa9",
                                    "close,\tkeep-alive",
                                    "te, trailers"}) {
      add("a connection option",
          put("Connection: " + std::string(value) + "\r\nContent-Length: 5\r\n", "hello"));
      add("a proxy's connection option",
          put("Proxy-Connection: " + std::string(value) + "\r\nContent-Length: 5\r\n", "hello"));
    }
    for (const char* const headers :
         {"Upgrade: websocket\r\nConnection: Upgrade\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n",
          "Expect: 100-continue\r\n", "Expect: 200-ok\r\n", "Expect:\r\n", "Trailer: X\r\n",
          "Keep-Alive: timeout=0\r\n", "Max-Forwards: 0\r\n", "Range: bytes=0-\r\n", "TE: gzip\r\n",
          "X-HTTP-Method-Override: DELETE\r\n", "X-Original-URL: /evil\r\n", "X-Rewrite-URL: /evil\r\n",
          "X-Forwarded-Host: evil\r\n", "Forwarded: host=evil\r\n", "Origin: null\r\n"}) {
      add("a header that asks for something", put(std::string(headers) + "Content-Length: 5\r\n", "hello"));
      add("a header that asks for something",
          "GET /x HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n");
    }
  }

  void add_bombs() {
    for (const std::size_t count : {10u, 100u, 1'000u, 5'000u, 20'000u}) {
      std::string same;
      std::string different;
      for (std::size_t i = 0; i < count; ++i) {
        same += "A:\r\n";
        different += "A" + std::to_string(i) + ": " + std::to_string(i) + "\r\n";
      }
      add("many headers", put(same, ""));
      add("many headers", put(different, ""));
      add("many chunks", chunked([count] {
            std::string chunks;
            for (std::size_t i = 0; i < count; ++i) chunks += "1\r\nx\r\n";
            return chunks + "0\r\n\r\n";
          }()));
    }
    for (const std::size_t size : {1'000u, 4'096u, 16'000u, 32'000u, 33'000u, 100'000u, 300'000u}) {
      add("a long value", put("A: " + std::string(size, 'x') + "\r\n", ""));
      add("a long name", put(std::string(size, 'x') + ": y\r\n", ""));
      add("a long blank", put("A:" + std::string(size, ' ') + "y\r\n", ""));
      add("a long line", std::string(size, 'x'));
      add("long blanks in chunks", chunked("1" + std::string(size, ' ') + ";a\r\nx\r\n0\r\n\r\n"));
      if (size != 100'000u)  // see StrictReader about what is between
        add("long zeros in chunks", chunked(std::string(size, '0') + "1\r\nx\r\n0\r\n\r\n"));
    }
  }

  void add_garbage() {
    for (const std::string& garbage :
         {std::string(""), std::string("\0", 1), std::string("\0\0\0\0\r\n\r\n", 8), std::string("\r\n\r\n"),
          std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string("SSH-2.0-OpenSSH\r\n"),
          std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string("\xff\xfe\xfd\r\n\r\n"),
          std::string("EHLO evil\r\n\r\n"), std::string("*1\r\n$4\r\nPING\r\n"),
          std::string("{\"json\":true}\r\n\r\n"), std::string("<xml/>\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
          std::string("GET /x HTTP/1.1\r\nHost: h\r\n")}) {
      add("garbage", garbage);
      add("garbage after a request", get("/x") + garbage);
      add("garbage after a body", put("Content-Length: 5\r\n", "hello") + garbage);
      add("garbage after chunks", chunked("5\r\nhello\r\n0\r\n\r\n") + garbage);
      add("garbage as a body", put("Content-Length: " + std::to_string(garbage.size()) + "\r\n", garbage));
      add("garbage in a body too short", put("Content-Length: 5\r\n", garbage));
    }
    for (const int count : {2, 3, 10, 40}) {
      std::string many;
      for (int i = 0; i < count; ++i)
        many += put("Content-Length: 5\r\n", "hello") + chunked("1\r\nx\r\n0\r\n\r\n");
      add("pipelined", many);
      add("pipelined, then bad", many + "GET / HTTP/1.1\r\n\r\n");
    }
  }
};

}  // namespace cubby::wire
