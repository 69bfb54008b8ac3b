// The body of a bulk write: a JSON array of pairs, taken apart as it arrives.
#pragma once

#include <memory>

#include "core/operation.hpp"

namespace cubby {

// Members of a pair may come in any order, unknown ones are ignored, of a repeated one the last counts, and
// an optional one may be `null`. Memory: one piece of the body and the pairs that it completes; the largest
// value. Errors of `next`: bulk_body_malformed (also for a member of the wrong type), bulk_base64_invalid,
// value_too_large, metadata_too_large, those of Key::parse. `body` must outlive what is returned.
std::unique_ptr<BulkPairs> make_bulk_pairs(ByteSource& body);

}  // namespace cubby
