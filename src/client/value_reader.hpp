// Reads the values of listed keys in as few calls as possible.
#pragma once

#include <functional>
#include <vector>

#include "client/transfer.hpp"

namespace cubby::client {

// Gives each pair that is still there to `take`, in the order of `keys`. Values come by bulk gets, and one by
// one where they are no text or too large for that. Value, metadata and expiration are of one write: the
// server's own promise for a bulk get; elsewhere told by reading again what could have changed. Pairs that
// are gone are counted as vanished. Memory: two answers of bulk gets and what is read one by one, each
// limits::bulk_get_bytes_max of values at most. Errors: those of KvClient and of `take`.
Outcome<void> read_values(KvClient& client, const NamespaceId& id, const std::vector<ListedKey>& keys,
                          Report& report, const std::function<Outcome<void>(Pair pair)>& take);

}  // namespace cubby::client
