// What the families of tests/support/http_corpus.hpp are made with.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cubby::wire {

struct CorpusCase {
  std::string family;
  std::string bytes;
};

class CorpusFamilies {
 public:
  std::vector<CorpusCase> take() { return std::move(cases_); }

 protected:
  void add(const char* family, std::string bytes) { cases_.push_back({family, std::move(bytes)}); }

  static std::string put(const std::string& headers, const std::string& body) {
    return "PUT /x HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n" + body;
  }
  static std::string chunked(const std::string& body) { return put("Transfer-Encoding: chunked\r\n", body); }
  static std::string get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }

 private:
  std::vector<CorpusCase> cases_;
};

}  // namespace cubby::wire
