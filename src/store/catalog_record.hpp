// Rows of the catalog as bytes, on disk: see docs/internals/on_disk_format.md. Never change a number here.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "core/entry.hpp"
#include "core/error.hpp"

namespace cubby {

using CatalogRow = std::variant<Account, Namespace, Token>;

// Where a row lives: one letter for its kind, then its id.
std::string catalog_place(const CatalogRow& row);

std::string encode_catalog_row(const CatalogRow& row);

// Errors: storage_corrupt.
Result<CatalogRow> decode_catalog_row(std::string_view bytes, std::string_view place);

}  // namespace cubby
