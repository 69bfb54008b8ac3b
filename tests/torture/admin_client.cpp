#include "tests/torture/admin_client.hpp"

#include <boost/json.hpp>

namespace cubby::torture {
namespace {

namespace json = boost::json;

const std::string namespaces_path = std::string("/client/v4/accounts/") + account + "/storage/kv/namespaces";
const std::string tokens_path = "/cubby/v1/tokens";

}  // namespace

wire::Answer AdminClient::call(std::string_view method, const std::string& target,
                               const std::string& credentials, const std::string& body) {
  try {
    if (!connection_) connection_.emplace(uptime_.api);
    connection_->send(std::string(method) + " " + target +
                      " HTTP/1.1\r\nHost: cubby.test\r\nAuthorization: Bearer " + credentials +
                      "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return connection_->read_answer(method);
  } catch (const std::exception& failure) {
    connection_.reset();
    throw NoAnswer(std::string(method) + " " + target + ": " + failure.what());
  }
}

std::string AdminClient::ask(std::string_view method, const std::string& target, const std::string& body) {
  wire::Answer answer = call(method, target, token, body);
  if (answer.status != 200)
    throw Refused(answer.status, std::string(method) + " " + target + " " + answer.body);
  return std::move(answer.body);
}

std::string AdminClient::create_namespace(const std::string& title) {
  const auto body = ask("POST", namespaces_path, json::serialize(json::object{{"title", title}}));
  return std::string(json::parse(body).at("result").at("id").as_string());
}

void AdminClient::remove_namespace(const std::string& id) {
  ask("DELETE", namespaces_path + "/" + id);
}

std::map<std::string, std::string> AdminClient::namespaces() {
  std::map<std::string, std::string> found;
  const json::value body = json::parse(ask("GET", namespaces_path + "?per_page=1000"));
  for (const json::value& each : body.at("result").as_array())
    found.emplace(each.at("title").as_string(), each.at("id").as_string());
  return found;
}

AdminClient::Token AdminClient::create_token(const std::string& name) {
  const json::value body =
      json::parse(ask("POST", tokens_path, json::serialize(json::object{{"name", name}, {"right", "read"}})));
  const json::value& made = body.at("result");
  return {std::string(made.at("id").as_string()), std::string(made.at("token").as_string())};
}

void AdminClient::revoke_token(const std::string& id) {
  ask("DELETE", tokens_path + "/" + id);
}

std::map<std::string, std::string> AdminClient::active_tokens() {
  std::map<std::string, std::string> found;
  const json::value body = json::parse(ask("GET", tokens_path));
  for (const json::value& each : body.at("result").as_array()) {
    if (each.at("status").as_string() == "active")
      found.emplace(each.at("name").as_string(), each.at("id").as_string());
  }
  return found;
}

bool AdminClient::lets_in(const std::string& token_text) {
  const wire::Answer answer = call("GET", namespaces_path, token_text);
  if (answer.status == 200) return true;
  if (answer.status == 403) return false;
  throw Refused(answer.status, answer.body);
}

}  // namespace cubby::torture
