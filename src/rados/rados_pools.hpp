// Pools as a store needs them.
#pragma once

#include <string>
#include <vector>

#include "core/error.hpp"
#include "rados/rados_engine.hpp"

namespace cubby {

// Makes the pools of `options` that are not there. Answers what is unsafe about them, a sentence each.
// Errors: see open_rados_engine.
Result<std::vector<std::string>> prepare_rados_pools(const RadosOptions& options);

// What is unsafe about a pool, as `ceph osd pool ls detail --format json` describes it. `holds_index`: rows
// of omap are in it.
std::vector<std::string> unsafe_settings(std::string_view pools_json, const std::string& pool,
                                         bool holds_index);

}  // namespace cubby
