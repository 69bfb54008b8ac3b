#include "tests/torture/kv_client.hpp"

#include <boost/json.hpp>

namespace cubby::torture {
namespace {

namespace json = boost::json;

const std::string accounts_path = std::string("/client/v4/accounts/") + account + "/storage/kv/namespaces";

std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string all;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      all += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      all += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return all;
}

std::optional<Seconds> expiration_in(const json::object& object) {
  const json::value* const found = object.if_contains("expiration");
  if (!found) return std::nullopt;
  return found->to_number<Seconds>();
}

// REST and bulk gets have the metadata itself, a list of the binding has its text.
std::string metadata_in(const json::object& object, bool is_text) {
  const json::value* const found = object.if_contains("metadata");
  if (!found || found->is_null()) return {};
  return is_text ? std::string(found->as_string()) : json::serialize(*found);
}

std::string body_of_form(const Written& written) {
  return "--b\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n" + written.metadata +
         "\r\n--b\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\n" + written.bytes +
         "\r\n--b--\r\n";
}

std::string body_of_bulk(const std::vector<Pair>& pairs) {
  json::array all;
  for (const auto& [key, written] : pairs) {
    json::object pair{{"key", key}, {"value", written.bytes}};
    if (!written.metadata.empty()) pair["metadata"] = json::parse(written.metadata);
    if (written.expiration) pair["expiration"] = *written.expiration;
    all.push_back(std::move(pair));
  }
  return json::serialize(all);
}

json::array names(const std::vector<std::string>& keys) {
  return json::array(keys.begin(), keys.end());
}

std::string chunked(std::string_view body) {
  std::string all;
  while (!body.empty()) {
    const std::string_view chunk = body.substr(0, 50'000);
    char size[16];
    all.append(size, std::to_chars(size, size + sizeof size, chunk.size(), 16).ptr);
    all += "\r\n" + std::string(chunk) + "\r\n";
    body.remove_prefix(chunk.size());
  }
  return all + "0\r\n\r\n";
}

}  // namespace

KvClient::KvClient(Uptime uptime, std::string namespace_id, std::chrono::seconds patience)
    : uptime_(std::move(uptime)), namespace_id_(std::move(namespace_id)), patience_(patience) {}

std::string KvClient::create_namespace(const Uptime& uptime, const std::string& title) {
  KvClient client(uptime, {});
  const auto answer =
      client.ask(Dialect::rest, "POST", accounts_path, {}, json::serialize(json::object{{"title", title}}));
  return std::string(json::parse(answer.value().body).at("result").at("id").as_string());
}

wire::Answer KvClient::call(Dialect dialect, std::string_view method, const std::string& target,
                            std::string headers, std::string_view body, bool is_chunked) {
  const bool is_rest = dialect == Dialect::rest;
  auto& client = is_rest ? rest_ : binding_;
  headers += is_rest ? std::string("Authorization: Bearer ") + token + "\r\n"
                     : "Cubby-Namespace: " + namespace_id_ + "\r\n";
  headers += is_chunked ? "Transfer-Encoding: chunked\r\n"
                        : "Content-Length: " + std::to_string(body.size()) + "\r\n";
  try {
    if (!client) client.emplace(is_rest ? uptime_.api : uptime_.binding, patience_);
    client->send(std::string(method) + " " + target + " HTTP/1.1\r\nHost: cubby.test\r\n" + headers + "\r\n");
    client->send(is_chunked ? chunked(body) : body);
    return client->read_answer(method);
  } catch (const std::exception& failure) {
    client.reset();
    throw NoAnswer(std::string(method) + " " + target + ": " + failure.what());
  }
}

std::optional<wire::Answer> KvClient::ask(Dialect dialect, std::string_view method, const std::string& target,
                                          const std::string& headers, std::string_view body,
                                          bool is_chunked) {
  wire::Answer answer = call(dialect, method, target, headers, body, is_chunked);
  const bool is_of_a_key =
      method == "GET" && (dialect == Dialect::binding || answer.body.find("10009") != std::string::npos);
  if (answer.status == 404 && is_of_a_key) return std::nullopt;
  if (answer.status != 200) {
    throw Refused(answer.status,
                  std::string(method) + " " + target + " " + answer.reason + " " + answer.body);
  }
  return answer;
}

void KvClient::put_by_rest(const std::string& target, const Written& written) {
  const std::string path = accounts_path + "/" + namespace_id_ + "/values/" + target;
  if (written.metadata.empty()) {
    ask(Dialect::rest, "PUT", path, {}, written.bytes);
  } else {
    ask(Dialect::rest, "PUT", path, "Content-Type: multipart/form-data; boundary=b\r\n",
        body_of_form(written));
  }
}

void KvClient::put(Dialect dialect, const std::string& key, const Written& written, bool is_chunked) {
  const std::string expiration =
      written.expiration ? "expiration=" + std::to_string(*written.expiration) : "";
  if (dialect == Dialect::rest) return put_by_rest(escaped(key) + "?" + expiration, written);
  const std::string headers = written.metadata.empty() ? "" : "CF-KV-Metadata: " + written.metadata + "\r\n";
  ask(dialect, "PUT", "/" + escaped(key) + "?urlencoded=true&" + expiration, headers, written.bytes,
      is_chunked);
}

void KvClient::put_with_ttl(const std::string& key, const Written& written, Seconds ttl) {
  put_by_rest(escaped(key) + "?expiration_ttl=" + std::to_string(ttl), written);
}

void KvClient::remove(Dialect dialect, const std::string& key) {
  if (dialect == Dialect::rest)
    ask(dialect, "DELETE", accounts_path + "/" + namespace_id_ + "/values/" + escaped(key));
  else
    ask(dialect, "DELETE", "/" + escaped(key) + "?urlencoded=true");
}

void KvClient::put_all(const std::vector<Pair>& pairs) {
  ask(Dialect::rest, "PUT", accounts_path + "/" + namespace_id_ + "/bulk", {}, body_of_bulk(pairs));
}

void KvClient::remove_all(const std::vector<std::string>& keys) {
  ask(Dialect::rest, "POST", accounts_path + "/" + namespace_id_ + "/bulk/delete", {},
      json::serialize(names(keys)));
}

std::optional<Found> KvClient::get(Dialect dialect, const std::string& key) {
  const bool is_rest = dialect == Dialect::rest;
  auto answer = ask(dialect, "GET",
                    is_rest ? accounts_path + "/" + namespace_id_ + "/values/" + escaped(key)
                            : "/" + escaped(key) + "?urlencoded=true");
  if (!answer) return std::nullopt;
  Found found;
  if (const auto metadata = wire::find_header(answer->headers, "cf-kv-metadata")) found.metadata = *metadata;
  if (const auto expiration = wire::find_header(answer->headers, "expiration")) {
    found.expiration = std::stoll(std::string(*expiration));
  }
  if (const auto etag = wire::find_header(answer->headers, "etag")) {
    found.version = std::stoull(std::string(etag->substr(1)), nullptr, 16);
  }
  found.bytes = std::move(answer->body);
  return found;
}

std::optional<std::string> KvClient::metadata(const std::string& key) {
  const auto answer =
      ask(Dialect::rest, "GET", accounts_path + "/" + namespace_id_ + "/metadata/" + escaped(key));
  if (!answer) return std::nullopt;
  const json::value result = json::parse(answer->body).at("result");
  return result.is_null() ? std::string() : json::serialize(result);
}

std::map<std::string, Found> KvClient::get_all(Dialect dialect, const std::vector<std::string>& keys) {
  const bool is_rest = dialect == Dialect::rest;
  const auto answer =
      ask(dialect, "POST", is_rest ? accounts_path + "/" + namespace_id_ + "/bulk/get" : "/bulk/get", {},
          json::serialize(json::object{{"keys", names(keys)}, {"withMetadata", true}}));
  json::value body = json::parse(answer.value().body);
  const json::object& values = is_rest ? body.at("result").at("values").as_object() : body.as_object();
  std::map<std::string, Found> all;
  for (const auto& [key, value] : values) {
    if (value.is_null()) continue;
    const json::object& object = value.as_object();
    all[std::string(key)] = {std::string(object.at("value").as_string()), metadata_in(object, false),
                             expiration_in(object), 0};
  }
  return all;
}

Page KvClient::list(Dialect dialect, const std::string& prefix, std::size_t limit,
                    const std::string& cursor) {
  const bool is_rest = dialect == Dialect::rest;
  const std::string query = "prefix=" + escaped(prefix) + "&cursor=" + escaped(cursor) + "&" +
                            (is_rest ? "limit=" : "key_count_limit=") + std::to_string(limit);
  const auto answer = ask(
      dialect, "GET", (is_rest ? accounts_path + "/" + namespace_id_ + "/keys?" : std::string("/?")) + query);
  if (!answer) throw Refused(404, "a list is not found");
  const json::value body = json::parse(answer->body);
  Page page;
  for (const json::value& each : body.at(is_rest ? "result" : "keys").as_array()) {
    const json::object& object = each.as_object();
    page.keys.push_back(
        {std::string(object.at("name").as_string()), metadata_in(object, !is_rest), expiration_in(object)});
  }
  if (is_rest) {
    page.cursor = body.at("result_info").at("cursor").as_string();
  } else if (!body.at("list_complete").as_bool()) {
    page.cursor = body.at("cursor").as_string();
  }
  return page;
}

Usage KvClient::usage() {
  const auto answer = ask(Dialect::rest, "GET", "/cubby/v1/namespaces/" + namespace_id_ + "/usage");
  const json::value result = json::parse(answer.value().body).at("result");
  return {result.at("keys").to_number<std::uint64_t>(), result.at("bytes").to_number<std::uint64_t>()};
}

}  // namespace cubby::torture
