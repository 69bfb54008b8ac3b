// Calls about namespaces and tokens as plain functions that wait.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/wire_client.hpp"
#include "tests/torture/kv_client.hpp"
#include "tests/torture/server.hpp"

namespace cubby::torture {

// For one thread. Every call throws NoAnswer or Refused.
class AdminClient {
 public:
  struct Token {
    std::string id;
    std::string text;
  };

  explicit AdminClient(Uptime uptime) : uptime_(std::move(uptime)) {}

  const Uptime& uptime() const { return uptime_; }

  std::string create_namespace(const std::string& title);  // its id
  void remove_namespace(const std::string& id);
  std::map<std::string, std::string> namespaces();  // ids by title

  Token create_token(const std::string& name);
  void revoke_token(const std::string& id);
  std::map<std::string, std::string> active_tokens();  // ids by name
  bool lets_in(const std::string& token_text);

 private:
  wire::Answer call(std::string_view method, const std::string& target, const std::string& credentials,
                    const std::string& body = {});
  std::string ask(std::string_view method, const std::string& target, const std::string& body = {});

  Uptime uptime_;
  std::optional<wire::Client> connection_;
};

}  // namespace cubby::torture
