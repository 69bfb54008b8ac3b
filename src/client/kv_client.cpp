#include "client/kv_client.hpp"

#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "wire/names.hpp"
#include "wire/percent.hpp"

namespace cubby::client {
namespace {

namespace field = names::field;
namespace query = names::query;

std::string in_namespace(const NamespaceId& id, std::string_view rest = {}) {
  return "/" + id.text() + std::string(rest);
}

HttpRequest json_request(std::string method, std::string target, std::string body) {
  HttpRequest request{.method = std::move(method), .target = std::move(target)};
  request.content_type = names::media::json;
  request.body = std::move(body);
  return request;
}

void append_parameter(std::string& target, std::string_view name, std::string_view value) {
  target += target.find('?') == target.npos ? '?' : '&';
  target += name;
  target += '=';
  append_escaped(target, value);
}

std::string member(std::string_view name, const std::string& value) {
  return json::quoted(name) + ":" + json::quoted(value);
}

Failure strange_answer(const std::string& why) {
  return failed("the server's answer is not what the API gives: " + why, "check the base URL");
}

// The parts of an envelope that are of use.
struct Envelope {
  bool is_success = false;
  std::string result{};  // JSON
  std::string cursor{};
  int code = 0;
  std::string message{};
};

void read_errors(JsonReader& reader, Envelope& envelope) {
  std::string name;
  if (reader.is_null()) return reader.skip();
  reader.enter_array();
  while (reader.next_item()) {
    const bool is_first = envelope.message.empty();
    reader.enter_object();
    while (reader.next_member(name)) {
      if (is_first && name == "code")
        envelope.code = static_cast<int>(reader.integer().value_or(0));
      else if (is_first && name == "message")
        envelope.message = reader.string().value_or("");
      else
        reader.skip();
    }
  }
}

void read_info(JsonReader& reader, Envelope& envelope) {
  std::string name;
  if (!reader.is_object()) return reader.skip();
  reader.enter_object();
  while (reader.next_member(name)) {
    if (name == query::cursor)
      envelope.cursor = reader.string().value_or("");
    else
      reader.skip();
  }
}

std::optional<Envelope> read_envelope(std::string_view text) {
  JsonReader reader(text);
  Envelope envelope;
  std::string name;
  reader.enter_object();
  while (reader.next_member(name)) {
    if (name == "success")
      envelope.is_success = reader.boolean();
    else if (name == "result")
      envelope.result = reader.raw();
    else if (name == "errors")
      read_errors(reader, envelope);
    else if (name == "result_info")
      read_info(reader, envelope);
    else
      reader.skip();
  }
  if (!reader.at_end()) return std::nullopt;
  return envelope;
}

// Whether a bulk call did all of its work: Cloudflare may name keys that did not reach all its stores.
Outcome<void> check_bulk(const std::string& answer, const char* what) {
  const auto envelope = read_envelope(answer);
  if (!envelope || !envelope->is_success) return strange_answer(what);
  if (envelope->result.find(R"("unsuccessful_keys":[")") != std::string::npos)
    return failed("the server did not do it for all keys", "run it again");
  return {};
}

NamespaceInfo read_namespace(const std::string& json) {
  JsonReader reader(json);
  NamespaceInfo info{.id = {}, .title = {}, .json = json};
  std::string name;
  reader.enter_object();
  while (reader.next_member(name)) {
    if (name == "id")
      info.id = reader.string().value_or("");
    else if (name == field::title)
      info.title = reader.string().value_or("");
    else
      reader.skip();
  }
  return info;
}

ListedKey read_listed_key(JsonReader& reader) {
  ListedKey key;
  std::string name;
  reader.enter_object();
  while (reader.next_member(name)) {
    if (name == field::name)
      key.name = reader.string().value_or("");
    else if (name == field::expiration)
      key.expiration = reader.integer();
    else if (name == field::metadata && !reader.is_null())
      key.metadata = reader.raw();
    else
      reader.skip();
  }
  return key;
}

// One member of `values` in the answer of a bulk get.
std::optional<Pair> read_bulk_value(JsonReader& reader, const std::string& key) {
  if (reader.is_null()) {
    reader.skip();
    return std::nullopt;
  }
  Pair pair{.key = key, .value = {}};
  std::string name;
  reader.enter_object();
  while (reader.next_member(name)) {
    if (name == field::value)
      pair.value = reader.string().value_or("");
    else if (name == field::expiration)
      pair.expiration = reader.integer();
    else if (name == field::metadata && !reader.is_null())
      pair.metadata = reader.raw();
    else
      reader.skip();
  }
  return pair;
}

std::string array_of(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const std::string& each : texts) {
    if (json.size() > 1) json += ',';
    json::append_string(json, each);
  }
  return json + "]";
}

// Cloudflare answers with 400 to credentials that cannot be any.
bool is_about_credentials(const HttpAnswer& answer, int code) {
  if (answer.status == 401 || answer.status == 403) return true;
  return answer.status == 400 && (code == 6003 || code == 9106 || code == 10000);
}

std::string advice_for(const HttpAnswer& answer, int code, const Connection& connection) {
  switch (code) {
    case 10009:
      return "`cubby kv key list` shows the keys of a namespace";
    case 10011:
    case 10013:
      return "`cubby kv namespace list` shows the namespaces of the account";
    case 10014:
      return "titles are unique in an account; `cubby kv namespace list` shows them";
    case 10048:
      return "a limit of the free plan; it is lifted at 00:00 UTC";
    case 7003:
      return "check the account id (--account-id, CLOUDFLARE_ACCOUNT_ID) and the base URL " +
             connection.base_url;
    default:
      break;
  }
  if (is_about_credentials(answer, code))
    return "check the token (CLOUDFLARE_API_TOKEN, --token-file or the profile): does it reach this account "
           "and "
           "namespace, and may it do this?";
  if (answer.status == 429) return "the server asks for fewer calls; --rate sets how many are made";
  if (answer.status == 404 || code == 0)
    return "is " + connection.base_url + " the API? --base-url or CLOUDFLARE_API_BASE_URL sets it";
  return {};
}

}  // namespace

Failure failure_of(const HttpAnswer& answer, const Connection& connection) {
  const auto envelope = read_envelope(answer.body);
  Failure failure{.status = answer.status};
  if (envelope) failure.code = envelope->code;
  failure.message = envelope && !envelope->message.empty() ? envelope->message : "the call failed";
  failure.message += " (";
  if (failure.code != 0) failure.message += "code " + std::to_string(failure.code) + ", ";
  failure.message += "HTTP " + std::to_string(answer.status) + ")";
  failure.advice = advice_for(answer, failure.code, connection);
  if (answer.status == 404) failure.kind = Failure::Kind::not_found;
  if (is_about_credentials(answer, failure.code)) failure.kind = Failure::Kind::refused;
  return failure;
}

std::string KvClient::target(std::string_view rest) const {
  std::string text = "/accounts/";
  append_escaped(text, account_);
  text += "/storage/kv/namespaces";
  return text += rest;
}

std::string KvClient::of_key(const NamespaceId& id, std::string_view what, const Key& key) {
  std::string text = in_namespace(id, what);
  append_escaped(text, key.text());
  return text;
}

// The body of a successful answer.
Outcome<std::string> KvClient::call(HttpRequest request) {
  auto answer = http_.send(request);
  if (!answer) return answer.error();
  if (!answer->is_success()) return failure_of(*answer, http_.connection());
  return std::move(answer->body);
}

Outcome<std::vector<std::string>> KvClient::accounts(const Connection& connection) {
  HttpClient http(connection);
  const auto answer = http.send({.target = "/accounts"});
  if (!answer) return answer.error();
  if (!answer->is_success()) return failure_of(*answer, connection);
  const auto envelope = read_envelope(answer->body);
  if (!envelope) return strange_answer("/accounts");
  std::vector<std::string> ids;
  JsonReader reader(envelope->result);
  reader.enter_array();
  while (reader.next_item()) ids.push_back(read_namespace(reader.raw()).id);
  if (!reader.ok()) return strange_answer(reader.error());
  return ids;
}

Outcome<std::vector<NamespaceInfo>> KvClient::namespaces() {
  std::vector<NamespaceInfo> all;
  for (unsigned page = 1;; ++page) {
    const auto body =
        call({.target = target("?per_page=1000&order=title&direction=asc&page=" + std::to_string(page))});
    if (!body) return body.error();
    const auto envelope = read_envelope(*body);
    if (!envelope) return strange_answer("a list of namespaces");
    const std::size_t before = all.size();
    JsonReader reader(envelope->result);
    reader.enter_array();
    while (reader.next_item()) all.push_back(read_namespace(reader.raw()));
    if (!reader.ok()) return strange_answer(reader.error());
    if (all.size() == before) return all;
  }
}

Outcome<NamespaceInfo> KvClient::create_namespace(const std::string& title, const std::string& jurisdiction,
                                                  const std::string& mode) {
  std::string body = "{" + member(field::title, title);
  if (!jurisdiction.empty()) body += "," + member(field::jurisdiction, jurisdiction);
  if (!mode.empty()) body += "," + member(field::mode, mode);
  HttpRequest request = json_request("POST", target({}), body + "}");
  request.is_repeatable = false;
  const auto answer = call(std::move(request));
  if (!answer) return answer.error();
  const auto envelope = read_envelope(*answer);
  if (!envelope) return strange_answer("a namespace");
  return read_namespace(envelope->result);
}

Outcome<NamespaceInfo> KvClient::rename_namespace(const NamespaceId& id, const std::string& title) {
  const auto answer =
      call(json_request("PUT", target(in_namespace(id)), "{" + member(field::title, title) + "}"));
  if (!answer) return answer.error();
  const auto envelope = read_envelope(*answer);
  if (!envelope) return strange_answer("a namespace");
  return read_namespace(envelope->result);
}

Outcome<void> KvClient::remove_namespace(const NamespaceId& id) {
  HttpRequest request{.method = "DELETE", .target = target(in_namespace(id))};
  request.is_repeatable = false;  // the second time it would not be found
  if (const auto answer = call(std::move(request)); !answer) return answer.error();
  return {};
}

Outcome<ListPage> KvClient::list(const NamespaceId& id, const std::string& prefix,
                                 const std::string& cursor) {
  std::string text = target(in_namespace(id, "/keys"));
  append_parameter(text, query::limit, std::to_string(limits::list_keys_max));
  append_parameter(text, query::prefix, prefix);
  if (!cursor.empty()) append_parameter(text, query::cursor, cursor);
  const auto body = call({.target = std::move(text)});
  if (!body) return body.error();
  auto envelope = read_envelope(*body);
  if (!envelope) return strange_answer("a list of keys");
  ListPage page{.keys = {}, .cursor = std::move(envelope->cursor)};
  JsonReader reader(envelope->result);
  reader.enter_array();
  while (reader.next_item()) page.keys.push_back(read_listed_key(reader));
  if (!reader.ok()) return strange_answer(reader.error());
  return page;
}

Outcome<ReadValue> KvClient::get(const NamespaceId& id, const Key& key,
                                 std::function<bool(std::string_view)> sink) {
  HttpRequest request{.target = target(of_key(id, "/values/", key))};
  request.sink = std::move(sink);
  const auto answer = http_.send(request);
  if (!answer) return answer.error();
  if (!answer->is_success()) return failure_of(*answer, http_.connection());
  if (answer->expiration.empty()) return ReadValue{};
  return ReadValue{JsonReader(answer->expiration).integer()};
}

Outcome<std::optional<std::string>> KvClient::metadata(const NamespaceId& id, const Key& key) {
  const auto body = call({.target = target(of_key(id, "/metadata/", key))});
  if (!body) return body.error();
  auto envelope = read_envelope(*body);
  if (!envelope) return strange_answer("metadata");
  if (envelope->result == "null") return std::optional<std::string>();
  return std::optional(std::move(envelope->result));
}

Outcome<void> KvClient::put(const NamespaceId& id, const Key& key, Upload& value, const PutOptions& options) {
  HttpRequest request{.method = "PUT", .target = target(of_key(id, "/values/", key))};
  if (options.expiration)
    append_parameter(request.target, query::expiration, std::to_string(*options.expiration));
  if (options.expiration_ttl)
    append_parameter(request.target, query::expiration_ttl, std::to_string(*options.expiration_ttl));
  request.content_type = options.metadata ? "" : names::media::octets;
  request.upload = &value;
  request.metadata = options.metadata;
  if (const auto answer = call(std::move(request)); !answer) return answer.error();
  return {};
}

Outcome<void> KvClient::remove(const NamespaceId& id, const Key& key) {
  if (const auto answer = call({.method = "DELETE", .target = target(of_key(id, "/values/", key))}); !answer)
    return answer.error();
  return {};
}

Outcome<void> KvClient::bulk_put(const NamespaceId& id, std::string pairs_json) {
  const auto answer = call(json_request("PUT", target(in_namespace(id, "/bulk")), std::move(pairs_json)));
  if (!answer) return answer.error();
  return check_bulk(*answer, "of a bulk write");
}

Outcome<void> KvClient::bulk_remove(const NamespaceId& id, const std::vector<std::string>& keys) {
  const auto answer = call(json_request("POST", target(in_namespace(id, "/bulk/delete")), array_of(keys)));
  if (!answer) return answer.error();
  return check_bulk(*answer, "of a bulk delete");
}

Outcome<std::map<std::string, Pair>> KvClient::bulk_get(const NamespaceId& id,
                                                        const std::vector<std::string>& keys) {
  const auto body =
      call(json_request("POST", target(in_namespace(id, "/bulk/get")),
                        R"({"keys":)" + array_of(keys) + R"(,"type":"text","withMetadata":true})"));
  if (!body) return body.error();
  const auto envelope = read_envelope(*body);
  if (!envelope) return strange_answer("of a bulk get");
  std::map<std::string, Pair> found;
  JsonReader reader(envelope->result);
  std::string name;
  reader.enter_object();
  while (reader.next_member(name)) {
    if (name != "values") {
      reader.skip();
      continue;
    }
    std::string key;
    reader.enter_object();
    while (reader.next_member(key))
      if (auto pair = read_bulk_value(reader, key)) found.emplace(key, *std::move(pair));
  }
  if (!reader.ok()) return strange_answer(reader.error());
  return found;
}

}  // namespace cubby::client
