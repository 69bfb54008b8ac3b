#include "core/limits.hpp"
#include "net/rest_api.hpp"
#include "net/rest_handlers.hpp"
#include "wire/bulk_pairs.hpp"
#include "wire/incoming_value.hpp"
#include "wire/rest_request.hpp"
#include "wire/rest_response.hpp"

namespace cubby {
namespace {

bool matches_etag(const Call& call, const Head& head) {
  return call.head.if_none_match && is_listed(*call.head.if_none_match, etag_of(head.version));
}

}  // namespace

Task<Result<Response>> get_value(RestApi& api, Call& call) {
  auto key = parse_key_segment(call.key_segment);
  if (!key) co_return key.error();
  if (call.head.method == Method::head) {
    const auto head = co_await api.kv().head(call.place, std::move(*key));
    if (!head) co_return head.error();
    co_return matches_etag(call, *head) ? not_modified_response(*head) : value_head_response(*head);
  }
  auto value = co_await api.kv().get(call.place, std::move(*key));
  if (!value) co_return value.error();
  if (matches_etag(call, value->head)) co_return not_modified_response(value->head);
  co_return value_response(std::move(*value));
}

Task<Result<Response>> put_value(RestApi& api, Call& call) {
  auto key = parse_key_segment(call.key_segment);
  if (!key) co_return key.error();
  auto expiration = parse_expiration_query(call.query);
  if (!expiration) co_return expiration.error();
  const auto value = make_incoming_value(call.head.content_type, call.body);
  if (!value) co_return value.error();
  const auto stored = co_await api.kv().put(call.place, std::move(*key), std::move(*expiration), **value);
  if (!stored) co_return stored.error();
  co_return json_response("null");
}

Task<Result<Response>> delete_value(RestApi& api, Call& call) {
  auto key = parse_key_segment(call.key_segment);
  if (!key) co_return key.error();
  const auto removed = co_await api.kv().remove(call.place, std::move(*key));
  if (!removed) co_return removed.error();
  co_return json_response("null");
}

Task<Result<Response>> get_metadata(RestApi& api, Call& call) {
  auto key = parse_key_segment(call.key_segment);
  if (!key) co_return key.error();
  const auto head = co_await api.kv().head(call.place, std::move(*key));
  if (!head) co_return head.error();
  co_return metadata_response(*head);
}

Task<Result<Response>> list_keys(RestApi& api, Call& call) {
  auto request = parse_list_keys(call.query);
  if (!request) co_return request.error();
  const auto page = co_await api.kv().list(call.place, std::move(*request), call.body);
  if (!page) co_return page.error();
  co_return key_page_response(*page);
}

Task<Result<Response>> bulk_put(RestApi& api, Call& call) {
  call.body.keep_all();
  const auto pairs = make_bulk_pairs(call.body);
  const auto count = co_await api.kv().put_all(call.place, *pairs, call.body);
  if (!count) co_return count.error();
  co_return bulk_count_response(*count);
}

Task<Result<Response>> bulk_delete(RestApi& api, Call& call) {
  call.body.keep_all();
  auto keys = co_await read_key_list(call.body);
  if (!keys) co_return keys.error();
  const auto held = call.body.hold(keys->size() * limits::bulk_item_bytes);
  if (!held) co_return held.error();
  const auto count = co_await api.kv().remove_all(call.place, std::move(*keys));
  if (!count) co_return count.error();
  co_return bulk_count_response(*count);
}

Task<Result<Response>> bulk_get(RestApi& api, Call& call) {
  call.body.keep_all();
  const auto request = co_await read_bulk_get(call.body);
  if (!request) co_return request.error();
  const auto items = co_await api.kv().get_all(call.place, *request, call.body);
  if (!items) co_return items.error();
  co_return bulk_get_response(*items, *request);
}

}  // namespace cubby
