// What requests are about, for who counts them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cubby {

enum class Dialect : std::uint8_t { rest, binding };

enum class RequestKind : std::uint8_t {
  other,  // no route, no valid request, health
  get,
  metadata,
  put,
  remove,
  list,
  bulk_get,
  bulk_put,
  bulk_remove,
  namespaces,
  accounts,
  operations,  // Cubby's own API and metrics, and the console's files
};

inline constexpr std::array<std::string_view, 2> dialect_names = {"rest", "binding"};
inline constexpr std::array<std::string_view, 12> request_kind_names = {
    "other",    "get",      "metadata",    "put",        "delete",   "list",
    "bulk_get", "bulk_put", "bulk_delete", "namespaces", "accounts", "operations"};

inline std::string_view name_of(Dialect dialect) {
  return dialect_names[static_cast<std::size_t>(dialect)];
}
inline std::string_view name_of(RequestKind kind) {
  return request_kind_names[static_cast<std::size_t>(kind)];
}

}  // namespace cubby
