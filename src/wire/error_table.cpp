#include "wire/error_table.hpp"

#include <array>
#include <cstddef>

namespace cubby {
namespace {

using enum Wording;
using enum ErrorRow::Source;

// Texts and codes: Cloudflare's, where they are known; docs/using/compatibility.md lists which are guessed.
constexpr std::array error_table{
    ErrorRow{Errc::key_not_found, 404, 10009, of_operation, "key not found", verified, {404, "Not Found"}},
    // 404, not the 400 of other bad keys: that is what `GET .../values/` was seen to answer.
    ErrorRow{Errc::key_empty, 404, 10042, of_operation, "Key names must not be empty", guessed, {400}},
    ErrorRow{Errc::key_illegal, 400, 10042, of_operation,
             "Illegal key name \"{}\". Please use a different name.", guessed},
    ErrorRow{Errc::key_too_long, 414, 10030, of_operation,
             "UTF-8 encoded length of {} exceeds key length limit of 512.", guessed},
    ErrorRow{Errc::key_not_decodable, 400, 10042, of_operation, "Could not URL-decode key name", guessed},
    ErrorRow{Errc::value_too_large, 413, 10024, of_operation, "Value length of {}.", guessed},
    ErrorRow{Errc::value_missing, 400, 10012, of_operation, "Missing value field", guessed},
    ErrorRow{Errc::form_malformed, 400, 10012, of_operation, "could not parse form: {}", guessed},
    ErrorRow{Errc::metadata_malformed, 400, 10047, of_operation, "Invalid metadata JSON", guessed},
    ErrorRow{Errc::metadata_too_large, 413, 10047, of_operation,
             "Metadata length of {} exceeds limit of 1024.", guessed},
    ErrorRow{Errc::expiration_malformed,
             400,
             10033,
             of_operation,
             "Invalid expiration of {}. Please specify an integer greater than the current number of seconds "
             "since "
             "the UNIX epoch.",
             guessed,
             {400,
              "Invalid expiration of {}. Please specify integer greater than the current number of seconds "
              "since the UNIX epoch."}},
    ErrorRow{Errc::expiration_in_past,
             400,
             10033,
             of_operation,
             "Invalid expiration of {}. Please specify an integer greater than the current number of seconds "
             "since "
             "the UNIX epoch.",
             guessed,
             {400,
              "Invalid expiration of {}. Please specify integer greater than the current number of seconds "
              "since the UNIX epoch."}},
    ErrorRow{Errc::expiration_too_soon, 400, 10033, of_operation,
             "Invalid expiration of {}. Expiration times must be at least 60 seconds in the future.",
             guessed},
    ErrorRow{Errc::expiration_too_late, 400, 10033, of_operation,
             "Invalid expiration of {}. Expiration times must not be after the year 9999.", ours},
    ErrorRow{Errc::ttl_malformed, 400, 10034, of_operation,
             "Invalid expiration_ttl of {}. Please specify integer greater than 0.", guessed},
    ErrorRow{Errc::ttl_too_short, 400, 10034, of_operation,
             "Invalid expiration_ttl of {}. Expiration TTL must be at least 60.", verified},
    ErrorRow{Errc::ttl_too_long, 400, 10034, of_operation,
             "Invalid expiration_ttl of {}. Expiration times must not be after the year 9999.", ours},
    ErrorRow{Errc::cache_ttl_too_short, 400, 10029, of_operation,
             "Invalid cache_ttl of {}. Cache TTL must be at least 30.", ours},

    ErrorRow{Errc::list_limit_malformed, 400, 10028, of_operation,
             "Invalid key_count_limit of {}. Please specify an integer greater than 0.", guessed},
    ErrorRow{Errc::list_limit_too_large,
             400,
             10028,
             of_operation,
             "Invalid key_count_limit of {}. Please specify an integer of at most 1000.",
             guessed,
             {400, "Invalid key_count_limit of {}. Please specify an integer less than 1000."}},
    ErrorRow{Errc::cursor_invalid, 400, 10041, of_operation, "Invalid cursor", guessed},
    ErrorRow{Errc::page_malformed, 400, 10007, plain, "malformed page argument: '{}'", guessed},
    ErrorRow{Errc::per_page_malformed, 400, 10008, plain, "malformed per_page argument: '{}'", guessed},
    ErrorRow{Errc::order_invalid, 400, 10043, plain, "invalid order argument: '{}'", guessed},
    ErrorRow{Errc::direction_invalid, 400, 10044, plain, "invalid direction argument: '{}'", guessed},

    ErrorRow{Errc::bulk_body_malformed, 400, 10012, plain,
             "could not parse array of keys from request body: '{}'", verified},
    ErrorRow{Errc::bulk_duplicate_key, 400, 10012, of_operation,
             "received duplicate key with different values or expiration parameters: \"{}\"", guessed},
    ErrorRow{Errc::bulk_too_many, 400, 10029, of_operation, "You can request a maximum of {} keys", guessed},
    ErrorRow{Errc::bulk_get_empty, 400, 10029, of_operation, "You must request a minimum of 1 key", verified},
    ErrorRow{Errc::bulk_get_bad_type, 400, 10029, of_operation,
             "\"{}\" is not a valid type. Use \"json\" or \"text\"", guessed},
    ErrorRow{Errc::bulk_get_not_json, 400, 10029, of_operation,
             "At least one of the requested keys corresponds to a non-json value", guessed},
    ErrorRow{Errc::bulk_get_too_large, 413, 10024, of_operation,
             "Total size of request exceeds the limit of 25MB", guessed},
    ErrorRow{Errc::bulk_base64_invalid, 400, 10012, of_operation, "Invalid base64 value of key \"{}\"",
             guessed},

    ErrorRow{Errc::namespace_not_found,
             404,
             10013,
             of_operation,
             "namespace not found",
             verified,
             {400, "Unknown namespace: {}"}},
    ErrorRow{Errc::namespace_missing, 400, 10013, of_operation,
             "No namespace: name one by the header Cubby-Namespace or the path prefix /ns/NAME", ours},
    ErrorRow{Errc::namespace_id_malformed, 400, 10011, plain,
             "could not parse UUID from request's namespace_id: 'uuid: incorrect UUID length: {}'", verified},
    ErrorRow{Errc::title_missing, 400, 10019, plain, "request is missing a title definition", verified},
    ErrorRow{Errc::title_too_long, 400, 10019, plain, "title length of {} exceeds limit of 512", guessed},
    ErrorRow{Errc::title_taken, 400, 10014, of_operation,
             "a namespace with this account ID and title already exists", verified},
    ErrorRow{Errc::namespace_option_invalid, 400, 10029, plain, "invalid namespace option: {}", guessed},
    ErrorRow{Errc::body_not_json, 400, 10012, plain, "could not parse request body: '{}'", guessed},

    ErrorRow{Errc::credentials_missing,
             403,
             9106,
             plain,
             "Missing X-Auth-Email header",
             verified,
             {401, "Unauthorized: the header Authorization: Bearer TOKEN is missing"}},
    // Comes with an error chain; see encode_error in the REST codec.
    ErrorRow{Errc::authorization_malformed,
             400,
             6003,
             plain,
             "Invalid request headers",
             verified,
             {401, "Unauthorized: the header Authorization is not Bearer TOKEN"}},
    ErrorRow{Errc::token_refused,
             403,
             10000,
             plain,
             "Authentication error",
             verified,
             {401, "Unauthorized: the token is unknown, expired or revoked"}},
    ErrorRow{Errc::token_unverified, 401, 1000, plain, "Invalid API Token", verified},
    ErrorRow{Errc::auth_key_refused, 403, 9103, plain, "Unknown X-Auth-Key or X-Auth-Email", verified},
    ErrorRow{Errc::permission_missing,
             403,
             10000,
             plain,
             "Authentication error",
             verified,
             {403, "Forbidden: the token has no right to do this here"}},
    ErrorRow{Errc::origin_refused, 403, 10000, plain,
             "Pages of the origin {} may not call this server; --allowed-origin lets them", ours},
    ErrorRow{Errc::account_not_found,
             404,
             7003,
             plain,
             "Could not route to {}, perhaps your object identifier is invalid?",
             verified,
             {400}},
    ErrorRow{Errc::account_name_invalid, 400, 1001, of_operation, "{}", ours},
    ErrorRow{Errc::token_not_found, 404, 1003, of_operation, "token not found", ours, {400}},
    ErrorRow{Errc::token_option_invalid, 400, 1001, of_operation, "{}", ours},

    ErrorRow{Errc::route_unknown,
             404,
             7003,
             plain,
             "Could not route to {}, perhaps your object identifier is invalid?",
             verified,
             {400, "No such route: {}"}},
    ErrorRow{Errc::method_not_allowed,
             405,
             10000,
             plain,
             "{} method not allowed for the api_token authentication scheme",
             verified,
             {405, "Method Not Allowed"}},
    ErrorRow{Errc::script_not_found,
             404,
             10007,
             plain,
             "This Worker does not exist on your account.",
             guessed,
             {400}},
    ErrorRow{Errc::request_malformed, 400, 10029, plain, "malformed request: {}", ours},
    ErrorRow{Errc::request_head_too_large, 431, 10029, plain, "request head too large", ours},
    ErrorRow{Errc::request_too_large, 413, 10024, plain, "request body too large", guessed},
    ErrorRow{Errc::request_timed_out, 408, 10029, plain, "the request took too long to arrive", ours},
    ErrorRow{Errc::client_gone, 400, 10029, plain, "the connection ended before the request did", ours},

    ErrorRow{Errc::storage_failed, 500, 10001, plain, "storage failed; do not retry: see the server's log",
             ours},
    ErrorRow{Errc::storage_full, 507, 10001, plain,
             "insufficient storage: the server's disk is full; reads and deletes go on", ours},
    ErrorRow{Errc::storage_corrupt, 500, 10001, plain, "stored data is damaged; see the server's log", ours},
    ErrorRow{Errc::overloaded, 503, 10001, plain, "too much at once: {}; try again", ours},
    ErrorRow{Errc::storage_unavailable, 503, 10001, plain, "service temporarily unavailable: {}", guessed},
    ErrorRow{Errc::internal, 500, 10001, plain, "internal error", ours},
};

constexpr bool covers_every_error_in_order() {
  for (std::size_t i = 0; i < error_table.size(); ++i) {
    if (error_table[i].code != static_cast<Errc>(i)) return false;
  }
  return error_table.size() == static_cast<std::size_t>(Errc::last) + 1;
}
static_assert(covers_every_error_in_order(), "each Errc needs its row, in the order of core/error.hpp");

constexpr unsigned status_in_binding(const ErrorRow& row) {
  return row.binding.status ? row.binding.status : row.status;
}

// A Worker reads 404 and 410 as the value null.
constexpr bool only_an_absent_key_reads_as_null() {
  for (const ErrorRow& row : error_table) {
    const unsigned status = status_in_binding(row);
    if ((status == 404 || status == 410) && row.code != Errc::key_not_found) return false;
  }
  return true;
}
static_assert(only_an_absent_key_reads_as_null(), "any other error must throw in the Worker");

constexpr std::size_t phrase_bytes_max = 512;

std::string fill_in(std::string_view pattern, const std::string& argument) {
  std::string text(pattern);
  if (const auto place = text.find("{}"); place != std::string::npos) text.replace(place, 2, argument);
  return text;
}

}  // namespace

const ErrorRow& error_row(Errc code) {
  return error_table[static_cast<std::size_t>(code)];
}

std::optional<std::string_view> retry_after(Errc code) {
  const bool may_pass = code == Errc::storage_unavailable || code == Errc::overloaded;
  return may_pass ? std::optional<std::string_view>("2") : std::nullopt;
}

std::string error_text(const Error& error) {
  return fill_in(error_row(error.code).text, error.argument);
}

unsigned binding_status(Errc code) {
  return status_in_binding(error_row(code));
}

std::string binding_phrase(const Error& error) {
  const ErrorRow& row = error_row(error.code);
  std::string phrase = fill_in(row.binding.phrase.empty() ? row.text : row.binding.phrase, error.argument);
  if (phrase.size() > phrase_bytes_max) phrase.resize(phrase_bytes_max);
  for (char& each : phrase) {
    if (each < ' ' || each > '~') each = '?';
  }
  return phrase;
}

}  // namespace cubby
