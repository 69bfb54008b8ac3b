// A client of few keys that makes every call at random, and notes what it saw of each key.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/torture/findings.hpp"
#include "tests/torture/kv_client.hpp"
#include "tests/torture/random.hpp"
#include "tests/torture/register_checker.hpp"

namespace cubby::torture {

// Of each key what its clients saw.
using Histories = std::map<std::string, std::vector<Operation>>;

class RegisterClient {
 public:
  // `index` of `clients`: no two of a run write the same value. `part` of the seed is its own. `prefix`
  // begins the names of the keys, and the page of a list that has all of these.
  RegisterClient(std::size_t index, std::size_t clients, Random random, std::string prefix,
                 Findings& findings);
  virtual ~RegisterClient() = default;
  RegisterClient(const RegisterClient&) = delete;
  RegisterClient& operator=(const RegisterClient&) = delete;

  const Histories& seen() const { return seen_; }

 protected:
  // Throws what KvClient throws. A write that has thrown NoAnswer, or Refused with 503 or 507,
  // may have happened: of a bulk a part.
  void make_some_call(KvClient& client);

  // When a write that may have happened cannot happen any more, on the clock of std::chrono::steady_clock in
  // nanoseconds. Throws if it should have had an answer.
  virtual std::int64_t end_of_open_write(const KvClient& client) const = 0;

  Findings& findings_;
  Random random_;

 private:
  using Value = Operation::Value;

  template <typename Call>
  void write(KvClient& client, const std::map<std::string, Value>& values, const Call& call);
  void put_all(KvClient& client);
  void read(KvClient& client, Dialect by, const std::string& key);
  void read_metadata(KvClient& client, const std::string& key);
  void read_all(KvClient& client, Dialect by);
  void list(KvClient& client, Dialect by);

  Value next_value() { return ++values_ * clients_ + index_; }
  void note(const std::string& key, Operation operation);
  void note_read(const std::string& key, Value value, std::int64_t invoked, std::int64_t returned);

  const std::size_t index_;
  const std::size_t clients_;
  const std::string prefix_;
  std::vector<std::string> keys_;
  Value values_ = 0;
  Histories seen_;
};

// What all of them saw, checked key by key; each that no order explains is a violation.
void check_histories(const std::vector<const RegisterClient*>& clients, Findings& findings);

}  // namespace cubby::torture
