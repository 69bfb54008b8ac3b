// Outcomes into answers of the worker binding. Errors are reason phrases with an empty body: workerd shows
// the phrase to the Worker, and closes a connection whose body it does not read.
#pragma once

#include <vector>

#include "core/operation.hpp"
#include "wire/http_message.hpp"

namespace cubby {

// Metadata is the text of a header, as it was given.
Response binding_value_response(StoredValue value);

// Of a put or a delete.
Response binding_done_response();

// Metadata is JSON in a JSON string: workerd parses it once more.
Response binding_list_response(const KeyPage& page);

// Metadata is a JSON value: workerd passes it on.
Response binding_bulk_get_response(const std::vector<BulkGetItem>& items, const BulkGet& request);

Response binding_error_response(const Error& error);

}  // namespace cubby
