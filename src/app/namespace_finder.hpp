// The namespaces of a site by their titles, made where they are not there.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "client/transfer.hpp"

namespace cubby {

// Used by one thread at a time; `site` must outlive it.
class NamespaceFinder {
 public:
  explicit NamespaceFinder(const client::Site& site) : site_(site) {}
  // Errors: those of the server.
  client::Outcome<NamespaceId> find_or_create(const std::string& title);

 private:
  const client::Site& site_;
  std::optional<std::map<std::string, std::string>> ids_;
};

}  // namespace cubby
