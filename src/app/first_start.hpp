// What a store needs before anybody can use it: an account, and a token to enter with.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "app/config.hpp"
#include "core/error.hpp"
#include "store/engine.hpp"

namespace cubby {

struct FirstStart {
  AccountId account;                                // the store's first account
  std::optional<std::string> new_token;             // made by this call
  std::optional<std::filesystem::path> token_file;  // where it was written
};

// Makes the account if the store has none, and an administrator's token if it has none and the configuration
// gives none. The token goes to a file that its owner alone can read; the store keeps its hash. Errors:
// internal, with a sentence for the operator (--account-id names an account that this store does not have);
// storage_failed.
Task<Result<FirstStart>> prepare_store(Engine& engine, const ServeConfig& config);

}  // namespace cubby
