// `cubby kv bulk …`.
#pragma once

#include <string>

#include "client/kv_client.hpp"

namespace cubby {

struct BulkOptions {
  std::string id;
  std::string path;  // "-" is standard input
  bool is_confirmed = false;
  bool as_json = false;
};

// A file is read to its end and checked before anything is written; standard input is written as it comes.
client::Outcome<void> bulk_put(client::KvClient& client, const BulkOptions& options);
client::Outcome<void> bulk_get(client::KvClient& client, const BulkOptions& options);
client::Outcome<void> bulk_delete(client::KvClient& client, const BulkOptions& options);

}  // namespace cubby
