// The calls of both dialects as plain functions that wait.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/wire_client.hpp"
#include "tests/torture/clock_file.hpp"
#include "tests/torture/server.hpp"

namespace cubby::torture {

enum class Dialect { rest, binding };

// What one write gives a key. Texts of JSON are without white space.
struct Written {
  std::string bytes;
  std::string metadata;  // JSON; empty: none
  std::optional<Seconds> expiration;

  bool operator==(const Written&) const = default;
};

struct Pair {
  std::string key;
  Written written;
};

// A value as it was read. What the call does not tell stays empty.
struct Found {
  std::string bytes;
  std::string metadata;
  std::optional<Seconds> expiration;
  std::uint64_t version = 0;
};

struct Listed {
  std::string key;
  std::string metadata;
  std::optional<Seconds> expiration;

  bool operator==(const Listed&) const = default;
};

struct Page {
  std::vector<Listed> keys;
  std::string cursor;  // empty: the last page
};

struct Usage {
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;

  bool operator==(const Usage&) const = default;
};

// There was no whole answer: whether the call had an effect is unknown.
class NoAnswer : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The server has said no.
class Refused : public std::runtime_error {
 public:
  Refused(unsigned answer_status, const std::string& text)
      : std::runtime_error("refused with " + std::to_string(answer_status) + ": " + text),
        status(answer_status) {}
  unsigned status;
};

// For one thread. A connection for each dialect, made when it is needed. Every call throws NoAnswer or
// Refused.
class KvClient {
 public:
  // `patience` is how long an answer may take.
  KvClient(Uptime uptime, std::string namespace_id, std::chrono::seconds patience = std::chrono::seconds(10));

  static std::string create_namespace(const Uptime& uptime, const std::string& title);

  const Uptime& uptime() const { return uptime_; }

  // `is_chunked` is for the binding.
  void put(Dialect dialect, const std::string& key, const Written& written, bool is_chunked = false);
  // REST alone.
  void put_with_ttl(const std::string& key, const Written& written, Seconds ttl);
  void remove(Dialect dialect, const std::string& key);
  void put_all(const std::vector<Pair>& pairs);
  void remove_all(const std::vector<std::string>& keys);

  // REST tells version and expiration, the binding metadata.
  std::optional<Found> get(Dialect dialect, const std::string& key);
  // Nothing: no such key. Empty: it has none.
  std::optional<std::string> metadata(const std::string& key);
  // With metadata and, by REST, expirations; values that are text. Keys that are not there are left out.
  std::map<std::string, Found> get_all(Dialect dialect, const std::vector<std::string>& keys);
  Page list(Dialect dialect, const std::string& prefix, std::size_t limit, const std::string& cursor = {});
  Usage usage();

 private:
  wire::Answer call(Dialect dialect, std::string_view method, const std::string& target, std::string headers,
                    std::string_view body, bool is_chunked = false);
  // The same, and anything but a 200 or an absent key is thrown.
  std::optional<wire::Answer> ask(Dialect dialect, std::string_view method, const std::string& target,
                                  const std::string& headers = {}, std::string_view body = {},
                                  bool is_chunked = false);
  void put_by_rest(const std::string& target, const Written& written);

  Uptime uptime_;
  std::string namespace_id_;
  std::chrono::seconds patience_;
  std::optional<wire::Client> rest_;
  std::optional<wire::Client> binding_;
};

}  // namespace cubby::torture
