#include "client/cubby_client.hpp"

#include "client/json_reader.hpp"
#include "client/kv_client.hpp"
#include "wire/names.hpp"

namespace cubby::client {
namespace {

Members read_members(JsonReader& reader) {
  Members members;
  std::string name;
  reader.enter_object();
  while (reader.next_member(name)) members[name] = reader.is_string() ? *reader.string() : reader.raw();
  return members;
}

}  // namespace

Outcome<std::string> CubbyClient::call(std::string method, std::string target, std::string body,
                                       Patience patience) {
  HttpRequest request{.method = std::move(method), .target = std::move(target)};
  request.is_repeatable = request.method != "POST";
  request.is_patient = patience == Patience::endless;
  if (!body.empty()) request.content_type = names::media::json;
  request.body = std::move(body);
  const auto answer = http_.send(request);
  if (!answer) return answer.error();
  if (!answer->is_success()) return failure_of(*answer, http_.connection());
  JsonReader reader(answer->body);
  const Members envelope = read_members(reader);
  const auto result = envelope.find("result");
  if (!reader.ok() || result == envelope.end())
    return failed("the server's answer is not what the API gives", "check the base URL");
  return result->second;
}

Members members_of(const std::string& object) {
  JsonReader reader(object);
  return read_members(reader);
}

std::vector<Members> objects_of(const std::string& array) {
  std::vector<Members> objects;
  JsonReader reader(array);
  reader.enter_array();
  while (reader.next_item()) objects.push_back(read_members(reader));
  return objects;
}

}  // namespace cubby::client
