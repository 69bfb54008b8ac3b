#include "client/transfer.hpp"

namespace cubby::client {

std::vector<std::unique_ptr<KvClient>> Site::clients(unsigned count) const {
  std::vector<std::unique_ptr<KvClient>> all;
  all.reserve(count);
  for (unsigned i = 0; i < count; ++i) all.push_back(client());
  return all;
}

}  // namespace cubby::client
