#include "tests/torture/register_client.hpp"

#include <algorithm>
#include <chrono>

namespace cubby::torture {
namespace {

constexpr std::size_t keys_per_history = 4;

using Value = Operation::Value;
using Kind = Operation::Kind;

std::string tag_of(Value value) {
  return "v" + std::to_string(value);
}

// The size follows from the value, so that a reader can tell whether it has all of it: in the head, in a row
// beside it, and now and then in a file.
Written written(Value value) {
  constexpr std::size_t sizes[] = {16, 100, 2'000, 16, 700, 30'000, 16, 300'000};
  return {value_bytes(tag_of(value), sizes[value % std::size(sizes)]), "\"" + tag_of(value) + "\"", {}};
}

// Which value was read; throws if it is none, or not whole.
Value value_of(const Found& found, bool has_metadata) {
  const std::string tag = found.bytes.substr(0, found.bytes.find('\n'));
  const Value value = tag.starts_with('v') ? std::stoull(tag.substr(1)) : 0;
  const Written whole = written(value);
  if (found.bytes != whole.bytes) throw std::runtime_error("a read has something else than a value: " + tag);
  if (has_metadata && found.metadata != whole.metadata) {
    throw std::runtime_error("the bytes of " + tag + " came with the metadata " + found.metadata);
  }
  return value;
}

Value value_of(const std::string& metadata) {
  if (!metadata.starts_with("\"v")) throw std::runtime_error("metadata that nobody wrote: " + metadata);
  return std::stoull(metadata.substr(2));
}

std::int64_t now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

RegisterClient::RegisterClient(std::size_t index, std::size_t clients, Random random, std::string prefix,
                               Findings& findings)
    : findings_(findings), random_(random), index_(index), clients_(clients), prefix_(std::move(prefix)) {
  for (std::size_t i = 0; i < keys_per_history; ++i) keys_.push_back(prefix_ + std::to_string(i));
}

void RegisterClient::make_some_call(KvClient& client) {
  const std::string& key = random_.of(keys_);
  const Dialect by = random_.one_in(2) ? Dialect::rest : Dialect::binding;
  switch (random_.below(12)) {
    case 0:
    case 1:
    case 2: {
      const Value value = next_value();
      const bool is_chunked = by == Dialect::binding && random_.one_in(4);
      return write(client, {{key, value}}, [&] { client.put(by, key, written(value), is_chunked); });
    }
    case 3:
      return write(client, {{key, Operation::absent}}, [&] { client.remove(by, key); });
    case 4:
      return put_all(client);
    case 5:
      if (random_.one_in(2)) return read_all(client, by);
      return write(client, {{keys_[0], Operation::absent}, {keys_[1], Operation::absent}}, [&] {
        client.remove_all({keys_[0], keys_[1]});
      });
    case 6:
      return list(client, by);
    case 7:
      return read_metadata(client, key);
    default:
      return read(client, by, key);
  }
}

// A bulk is one write of each of its keys.
template <typename Call>
void RegisterClient::write(KvClient& client, const std::map<std::string, Value>& values, const Call& call) {
  const std::int64_t invoked = now();
  const auto note_all = [&](std::int64_t returned, bool is_certain) {
    for (const auto& [key, value] : values)
      note(key, {Kind::write, value, invoked, returned, is_certain, {}});
  };
  try {
    call();
  } catch (const NoAnswer&) {
    note_all(end_of_open_write(client), false);
    throw;
  } catch (const Refused& refusal) {
    if (refusal.status == 503 || refusal.status == 507) note_all(end_of_open_write(client), false);
    throw;
  }
  note_all(now(), true);
}

void RegisterClient::note(const std::string& key, Operation operation) {
  operation.client = "client " + std::to_string(index_);
  seen_[key].push_back(std::move(operation));
  findings_.count("operations");
}

// Reads without an answer have seen nothing and are left out.
void RegisterClient::note_read(const std::string& key, Value value, std::int64_t invoked,
                               std::int64_t returned) {
  note(key, {Kind::read, value, invoked, returned, true, {}});
}

void RegisterClient::put_all(KvClient& client) {
  std::map<std::string, Value> values;
  std::vector<Pair> pairs;
  for (const std::string& key : keys_) {
    if (random_.one_in(2)) continue;
    values[key] = next_value();
    pairs.push_back({key, written(values[key])});
  }
  if (!pairs.empty()) write(client, values, [&] { client.put_all(pairs); });
}

void RegisterClient::read(KvClient& client, Dialect by, const std::string& key) {
  const std::int64_t invoked = now();
  const auto found = client.get(by, key);
  const std::int64_t returned = now();
  note_read(key, found ? value_of(*found, by == Dialect::binding) : Operation::absent, invoked, returned);
}

void RegisterClient::read_metadata(KvClient& client, const std::string& key) {
  const std::int64_t invoked = now();
  const auto found = client.metadata(key);
  const std::int64_t returned = now();
  note_read(key, found ? value_of(*found) : Operation::absent, invoked, returned);
}

// A read of each of the keys.
void RegisterClient::read_all(KvClient& client, Dialect by) {
  const std::int64_t invoked = now();
  const auto found = client.get_all(by, keys_);
  const std::int64_t returned = now();
  for (const std::string& key : keys_) {
    const auto each = found.find(key);
    note_read(key, each == found.end() ? Operation::absent : value_of(each->second, true), invoked, returned);
  }
}

// The same, for a list says of each key whether it is there, and its metadata whose write that is.
void RegisterClient::list(KvClient& client, Dialect by) {
  const std::int64_t invoked = now();
  const Page page = client.list(by, prefix_, 1000);
  const std::int64_t returned = now();
  std::map<std::string, Value> values;
  for (const Listed& each : page.keys)
    if (std::ranges::find(keys_, each.key) != keys_.end()) values[each.key] = value_of(each.metadata);
  for (const std::string& key : keys_) note_read(key, values[key], invoked, returned);
}

void check_histories(const std::vector<const RegisterClient*>& clients, Findings& findings) {
  Histories histories;
  for (const RegisterClient* const client : clients) {
    for (const auto& [key, seen] : client->seen())
      histories[key].insert(histories[key].end(), seen.begin(), seen.end());
  }
  for (const auto& [key, history] : histories) {
    const Verdict verdict = check_register(history);
    if (!verdict.is_linearizable)
      findings.violation(key + ": no order explains" + describe(history, verdict));
  }
  findings.count("histories");
  findings.count("keys checked", histories.size());
}

}  // namespace cubby::torture
