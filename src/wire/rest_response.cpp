#include "wire/rest_response.hpp"

#include <charconv>

#include "core/json_text.hpp"
#include "wire/error_table.hpp"
#include "wire/names.hpp"

namespace cubby {
namespace {

using json::quoted;

std::string seconds_text(Instant instant) {
  return std::to_string(instant.time_since_epoch().count());
}

std::string envelope(std::string_view result, std::string_view is_success, std::string_view errors,
                     std::string_view messages) {
  std::string json = R"({"result":)";
  json += result;
  json += R"(,"success":)";
  json += is_success;
  json += R"(,"errors":[)";
  json += errors;
  json += R"(],"messages":[)";
  json += messages;
  json += ']';
  return json;
}

Response json_body(unsigned status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = names::media::json;
  response.headers.emplace_back(names::header::cache_control, "no-store");
  response.body = std::move(body);
  return response;
}

std::string error_item(int code, std::string_view message, std::string_view more = {}) {
  return R"({"code":)" + std::to_string(code) + R"(,"message":)" + quoted(message) + std::string(more) + "}";
}

std::string error_items(std::string_view operation, const Error& error) {
  const ErrorRow& row = error_row(error.code);
  std::string message = error_text(error);
  if (row.wording == Wording::of_operation) message = std::string(operation) + ": '" + message + "'";
  switch (error.code) {
    case Errc::authorization_malformed:
      return error_item(
          row.rest_code, message,
          R"(,"error_chain":[)" + error_item(6111, "Invalid format for Authorization header") + "]");
    case Errc::route_unknown:
      return error_item(row.rest_code, message) + "," + error_item(7000, "No route for that URI");
    default:
      return error_item(row.rest_code, message);
  }
}

}  // namespace

Response json_response(std::string_view result, std::string_view result_info, std::string_view messages) {
  std::string body = envelope(result, "true", "", messages);
  if (!result_info.empty()) {
    body += R"(,"result_info":)";
    body += result_info;
  }
  body += '}';
  return json_body(200, std::move(body));
}

Response error_response(std::string_view operation, const Error& error) {
  Response response = json_body(error_row(error.code).status,
                                envelope("null", "false", error_items(operation, error), "") + "}");
  // An SDK's retry comes a second later, which changes nothing here.
  const bool is_lasting = error.code == Errc::storage_failed || error.code == Errc::storage_full ||
                          error.code == Errc::storage_corrupt;
  if (is_lasting) response.headers.emplace_back(names::header::should_retry, "false");
  if (const auto seconds = retry_after(error.code))
    response.headers.emplace_back(names::header::retry_after, *seconds);
  return response;
}

std::string etag_of(Version version) {
  char text[18] = {'"'};
  auto* const end = std::to_chars(text + 1, text + 17, static_cast<std::uint64_t>(version), 16).ptr;
  *end = '"';
  return {text, end + 1};
}

bool is_listed(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const auto comma = if_none_match.find(',');
    std::string_view each = if_none_match.substr(0, comma);
    if_none_match.remove_prefix(comma == if_none_match.npos ? if_none_match.size() : comma + 1);
    while (each.starts_with(' ') || each.starts_with('\t')) each.remove_prefix(1);
    while (each.ends_with(' ') || each.ends_with('\t')) each.remove_suffix(1);
    if (each.starts_with("W/")) each.remove_prefix(2);  // weak comparison, as RFC 9110 asks for here
    if (each == "*" || each == etag) return true;
  }
  return false;
}

Response value_head_response(const Head& head) {
  Response response;
  response.content_type = names::media::octets;
  response.headers.emplace_back(names::header::etag, etag_of(head.version));
  if (head.expiration)
    response.headers.emplace_back(names::header::expiration, seconds_text(*head.expiration));
  response.body_bytes = head.value_bytes;
  return response;
}

Response value_response(StoredValue value) {
  Response response = value_head_response(value.head);
  response.pinned_body = std::move(value.bytes);
  response.rest = std::move(value.rest);
  return response;
}

Response not_modified_response(const Head& head) {
  Response response = value_head_response(head);
  response.status = 304;
  response.content_type = {};
  response.body_bytes.reset();
  return response;
}

Response clock_response(Timestamp now) {
  const auto milliseconds = now.time_since_epoch().count();
  std::string fraction = std::to_string(1000 + milliseconds % 1000).substr(1);
  return json_response(R"({"now":)" + std::to_string(milliseconds / 1000) + "." + fraction + "}");
}

std::string namespace_json(const Namespace& each) {
  std::string json = R"({"id":")" + each.id.text() + R"(","title":)" + quoted(each.title.text()) +
                     R"(,"supports_url_encoding":true)";
  switch (each.jurisdiction) {
    case Jurisdiction::none:
      break;
    case Jurisdiction::eu:
      json += R"(,"jurisdiction":"eu")";
      break;
    case Jurisdiction::fedramp:
      json += R"(,"jurisdiction":"fedramp")";
      break;
    case Jurisdiction::us:
      json += R"(,"jurisdiction":"us")";
      break;
  }
  if (each.mode == NamespaceMode::instant) json += R"(,"mode":"instant")";
  return json + "}";
}

Response namespace_page_response(const NamespacePage& page, const ListNamespaces& request) {
  std::string result = "[";
  for (const Namespace& each : page.namespaces) {
    if (result.size() > 1) result += ',';
    result += namespace_json(each);
  }
  result += ']';
  const auto total_pages = (page.total_count + request.per_page - 1) / request.per_page;
  return json_response(result, R"({"page":)" + std::to_string(request.page) + R"(,"per_page":)" +
                                   std::to_string(request.per_page) + R"(,"count":)" +
                                   std::to_string(page.namespaces.size()) + R"(,"total_count":)" +
                                   std::to_string(page.total_count) + R"(,"total_pages":)" +
                                   std::to_string(total_pages) + "}");
}

Response key_page_response(const KeyPage& page) {
  std::string result = "[";
  result.reserve(page.entries.size() * 48);
  for (const Entry& entry : page.entries) {
    if (result.size() > 1) result += ',';
    result += R"({"name":)";
    json::append_string(result, entry.key.text());
    if (entry.head.expiration) result += R"(,"expiration":)" + seconds_text(*entry.head.expiration);
    if (entry.head.metadata) result += R"(,"metadata":)" + entry.head.metadata->text();
    result += '}';
  }
  result += ']';
  // The cursor twice: some SDK versions look for `cursors.after` and would stop at the first page without it.
  return json_response(result, R"({"count":)" + std::to_string(page.entries.size()) + R"(,"cursor":")" +
                                   page.cursor + R"(","cursors":{"after":")" + page.cursor + R"("}})");
}

Response metadata_response(const Head& head) {
  return json_response(head.metadata ? head.metadata->text() : "null");
}

namespace {

// To a hundredth.
std::string rate_text(double rate) {
  char text[32];
  const auto [end, error] = std::to_chars(text, std::end(text), rate, std::chars_format::fixed, 2);
  return error == std::errc() ? std::string(text, end) : "0";
}

}  // namespace

Response usage_response(const CountedUsage& counted, const CallRates& rates) {
  const auto& [usage, age] = counted;
  const auto rate = [&](Work work) { return rate_text(rates[static_cast<std::size_t>(work)]); };
  return json_response(R"({"keys":)" + std::to_string(usage.keys) + R"(,"bytes":)" +
                       std::to_string(usage.bytes) + R"(,"age_seconds":)" + std::to_string(age.count()) +
                       R"(,"per_second":{"reads":)" + rate(Work::read) + R"(,"writes":)" + rate(Work::write) +
                       R"(,"deletes":)" + rate(Work::remove) + R"(,"lists":)" + rate(Work::list) + "}}");
}

Response bulk_count_response(std::size_t count) {
  return json_response(R"({"successful_key_count":)" + std::to_string(count) + R"(,"unsuccessful_keys":[]})");
}

namespace {

void append_value(std::string& json, const BulkGetItem& item, BulkGet::Type type) {
  // The service has checked that it is JSON.
  if (type == BulkGet::Type::json)
    json += item.value;
  else
    json::append_string(json, item.value);
}

}  // namespace

std::string bulk_get_json(const std::vector<BulkGetItem>& items, const BulkGet& request,
                          BulkGetDetail detail) {
  const bool has_expiration = detail == BulkGetDetail::metadata_and_expiration;
  std::string values = "{";
  for (const BulkGetItem& item : items) {
    if (values.size() > 1) values += ',';
    json::append_string(values, item.key.text());
    values += ':';
    if (!item.head) {
      values += "null";
    } else if (!request.with_metadata) {
      append_value(values, item, request.type);
    } else {
      values += R"({"value":)";
      append_value(values, item, request.type);
      values += R"(,"metadata":)" + (item.head->metadata ? item.head->metadata->text() : "null");
      if (has_expiration && item.head->expiration)
        values += R"(,"expiration":)" + seconds_text(*item.head->expiration);
      values += '}';
    }
  }
  values += '}';
  return values;
}

Response bulk_get_response(const std::vector<BulkGetItem>& items, const BulkGet& request) {
  return json_response(R"({"values":)" +
                       bulk_get_json(items, request, BulkGetDetail::metadata_and_expiration) + "}");
}

}  // namespace cubby
