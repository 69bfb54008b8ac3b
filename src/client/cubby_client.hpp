// Calls of Cubby's own API, which Cloudflare's has no word for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/http_client.hpp"

namespace cubby::client {

// Used by one thread at a time. Errors: those of the server with their code and message, and what to do
// (not_found, refused, other); other, if there is no answer.
class CubbyClient {
 public:
  explicit CubbyClient(const Connection& connection) : http_(connection) {}

  // How long the server may say nothing before it answers.
  enum class Patience { usual, endless };

  // The result of the call: JSON, compact. `target` follows the base URL. Only a GET or DELETE is made again
  // after a lost connection.
  Outcome<std::string> call(std::string method, std::string target, std::string body = {},
                            Patience patience = Patience::usual);

 private:
  HttpClient http_;
};

// The members of a JSON object: strings as they are, everything else as JSON.
using Members = std::map<std::string, std::string>;
Members members_of(const std::string& object);
std::vector<Members> objects_of(const std::string& array);

}  // namespace cubby::client
