// Requests of the REST API into operations, and what the worker binding says in the same way: parameters and
// small JSON bodies. Values and bulk writes, which are too large to hold, are in incoming_value and
// bulk_pairs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/byte_source.hpp"
#include "core/operation.hpp"
#include "wire/names.hpp"
#include "wire/percent.hpp"

namespace cubby {

// The key that a path segment names. Errors: those of Key::parse, and key_not_decodable for a bad escape.
Result<Key> parse_key_segment(std::string_view segment);

// Decimal digits, and no sign or space; a fraction of zeros may follow, as the Python SDK writes a number
// that its types call a float. Too large a number is the largest.
std::optional<std::uint64_t> parse_whole_number(std::string_view text);

// Errors: expiration_malformed (a bad escape in the query: it might have been an expiry).
Result<RawExpiration> parse_expiration_query(const Query& query);

// Whether `text` is a whole number of seconds that Cloudflare would cache a value for. Errors:
// cache_ttl_too_short.
Result<void> check_cache_ttl(const std::string& text);

// `limit_name` is what the dialect calls the limit. Errors: list_limit_malformed, list_limit_too_large,
// key_too_long (the prefix), key_not_decodable (a bad escape).
Result<ListKeys> parse_list_keys(const Query& query, std::string_view limit_name = names::query::limit);

// Errors: page_malformed, per_page_malformed, order_invalid, direction_invalid.
Result<ListNamespaces> parse_list_namespaces(const Query& query);

// Bodies: each reads its source to the end unless there is an error. All give those of the source.

// Errors: body_not_json, title_missing, title_too_long, namespace_option_invalid.
Task<Result<NewNamespace>> read_new_namespace(ByteSource& body);

// Errors: body_not_json, title_missing, title_too_long.
Task<Result<Title>> read_title(ByteSource& body);

// The keys of a bulk delete. Errors: bulk_body_malformed, bulk_too_many, those of Key::parse.
// Limits: limits::bulk_items_max.
Task<Result<std::vector<Key>>> read_key_list(ByteSource& body);

// Errors: bulk_body_malformed, bulk_get_empty, bulk_too_many, bulk_get_bad_type, cache_ttl_too_short, those
// of Key::parse.
// Limits: limits::bulk_get_keys_max.
Task<Result<BulkGet>> read_bulk_get(ByteSource& body);

// What the clock for tests is set to; nothing for null. Errors: body_not_json.
Task<Result<std::optional<Timestamp>>> read_clock_time(ByteSource& body);

// What it is moved to from `now`. Errors: body_not_json.
Task<Result<Timestamp>> read_clock_advance(ByteSource& body, Timestamp now);

}  // namespace cubby
