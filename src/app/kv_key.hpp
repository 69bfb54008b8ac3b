// `cubby kv key …`.
#pragma once

#include <string>

#include "client/kv_client.hpp"

namespace cubby {

struct KeyOptions {
  std::string id;
  std::string key;
  std::string value;
  bool has_value = false;  // whether an argument gives the value, which may be empty
  std::string path;
  client::PutOptions put;
  std::string prefix;
  bool as_text = false;
  bool as_json = false;
};

client::Outcome<void> put_key(client::KvClient& client, const KeyOptions& options);
client::Outcome<void> get_key(client::KvClient& client, const KeyOptions& options);
client::Outcome<void> list_keys(client::KvClient& client, const KeyOptions& options);
client::Outcome<void> delete_key(client::KvClient& client, const KeyOptions& options);

}  // namespace cubby
