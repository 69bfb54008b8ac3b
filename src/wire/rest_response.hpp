// Outcomes into answers of the REST API: the envelope, and the raw value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/operation.hpp"
#include "core/work.hpp"
#include "wire/http_message.hpp"

namespace cubby {

// {"result":…,"success":true,"errors":[],"messages":[…]}; all arguments are JSON, `messages` without its
// brackets.
Response json_response(std::string_view result, std::string_view result_info = {},
                       std::string_view messages = {});

// The row of the error table in its envelope. `operation` is the word of the message: `put: 'the text'`.
Response error_response(std::string_view operation, const Error& error);

Response value_response(StoredValue value);
Response value_head_response(const Head& head);
// The version of a value as a strong ETag.
std::string etag_of(Version version);
// Whether an If-None-Match header names the ETag.
bool is_listed(std::string_view if_none_match, std::string_view etag);
Response not_modified_response(const Head& head);

// The time of the clock for tests, in seconds.
Response clock_response(Timestamp now);

std::string namespace_json(const Namespace& each);
Response namespace_page_response(const NamespacePage& page, const ListNamespaces& request);
Response key_page_response(const KeyPage& page);
Response usage_response(const CountedUsage& counted, const CallRates& rates);
Response metadata_response(const Head& head);
// Of a bulk write or delete.
Response bulk_count_response(std::size_t count);
// The object of a bulk get, from each key to its value; what stands beside it if metadata is asked for.
enum class BulkGetDetail { metadata, metadata_and_expiration };
std::string bulk_get_json(const std::vector<BulkGetItem>& items, const BulkGet& request,
                          BulkGetDetail detail);
Response bulk_get_response(const std::vector<BulkGetItem>& items, const BulkGet& request);

}  // namespace cubby
