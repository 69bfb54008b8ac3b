#include "wire/binding_response.hpp"

#include "core/json_text.hpp"
#include "wire/error_table.hpp"
#include "wire/names.hpp"
#include "wire/rest_response.hpp"

namespace cubby {
namespace {

Response json_body(std::string json) {
  Response response;
  response.content_type = names::media::json;
  response.body = std::move(json);
  return response;
}

}  // namespace

Response binding_value_response(StoredValue value) {
  Response response;
  response.content_type = names::media::octets;
  if (value.head.metadata)
    response.headers.emplace_back(names::header::kv_metadata, value.head.metadata->text());
  response.body_bytes = value.head.value_bytes;
  response.pinned_body = std::move(value.bytes);
  response.rest = std::move(value.rest);
  return response;
}

Response binding_done_response() {
  return {};
}

Response binding_list_response(const KeyPage& page) {
  std::string json = R"({"keys":[)";
  for (const Entry& entry : page.entries) {
    json += json.ends_with('[') ? R"({"name":)" : R"(,{"name":)";
    json::append_string(json, entry.key.text());
    if (entry.head.expiration) {
      json += R"(,"expiration":)" + std::to_string(entry.head.expiration->time_since_epoch().count());
    }
    if (entry.head.metadata) {
      json += R"(,"metadata":)";
      json::append_string(json, entry.head.metadata->text());
    }
    json += '}';
  }
  json += page.cursor.empty() ? R"(],"list_complete":true})"
                              : R"(],"list_complete":false,"cursor":")" + page.cursor + R"("})";
  return json_body(std::move(json));
}

Response binding_bulk_get_response(const std::vector<BulkGetItem>& items, const BulkGet& request) {
  return json_body(bulk_get_json(items, request, BulkGetDetail::metadata));
}

Response binding_error_response(const Error& error) {
  Response response;
  response.status = binding_status(error.code);
  response.reason = binding_phrase(error);
  if (const auto seconds = retry_after(error.code))
    response.headers.emplace_back(names::header::retry_after, *seconds);
  return response;
}

}  // namespace cubby
