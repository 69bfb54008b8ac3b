// Which tables of a database are damaged: RocksDB's errors do not always say so.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace cubby {

enum class TableCheck {
  opening,    // what a table says of itself, and where its parts are
  checksums,  // everything
};

// A sentence for each damaged table of the database in `folder`, beginning with its path. The database may be
// open: a table that goes away meanwhile is none. Reads every table, so it is for who has met damage already.
std::vector<std::string> damaged_tables(const std::filesystem::path& folder, TableCheck how);

// The same error, and if it is one of damage that names no table, with those that are damaged.
Error naming_tables(Error error, const std::filesystem::path& folder);

}  // namespace cubby
