// What can go wrong, named in the words of the domain: no status code and no protocol text stands here.
// `wire/error_table` gives each `Errc` its one row per dialect.
//
// Errors are values (`Result<T>`); exceptions are accidents and are caught once, at the session's edge.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <utility>

namespace cubby {

// The number of an `Errc` is internal and may change. Keep `last` at the last one.
enum class Errc {
  // Keys, values and what is said about them.
  key_not_found,
  key_empty,
  key_illegal,        // "." or ".."; argument: the key
  key_too_long,       // argument: its length in bytes
  key_not_decodable,  // bad percent escape or not UTF-8
  value_too_large,    // argument: "LENGTH exceeds limit of LIMIT", in bytes, for the limit is a setting
  value_missing,      // a form without a part named "value"
  form_malformed,     // multipart/form-data that does not parse; argument: why
  metadata_malformed,
  metadata_too_large,    // argument: its length in bytes
  expiration_malformed,  // argument: as sent
  expiration_in_past,    // argument: as sent
  expiration_too_soon,   // argument: as sent
  expiration_too_late,   // argument: as sent
  ttl_malformed,         // argument: as sent
  ttl_too_short,         // argument: as sent
  ttl_too_long,          // argument: as sent
  cache_ttl_too_short,   // not a number of seconds, or too few; argument: as sent

  // Listing.
  list_limit_malformed,  // argument: as sent
  list_limit_too_large,  // argument: as sent
  cursor_invalid,
  page_malformed,      // argument: as sent
  per_page_malformed,  // argument: as sent
  order_invalid,       // argument: as sent
  direction_invalid,   // argument: as sent

  // Bulk.
  bulk_body_malformed,  // not the JSON that is due; argument: why
  bulk_duplicate_key,   // the same key twice with different content; argument: the key
  bulk_too_many,        // argument: the most that is allowed
  bulk_get_empty,
  bulk_get_bad_type,  // argument: as sent
  bulk_get_not_json,
  bulk_get_too_large,
  bulk_base64_invalid,  // argument: the key, when it is known

  // Namespaces.
  namespace_not_found,     // argument: its name, where the caller gave one
  namespace_missing,       // nothing says which one is meant
  namespace_id_malformed,  // argument: as sent
  title_missing,
  title_too_long,  // argument: its length in characters
  title_taken,
  namespace_option_invalid,  // jurisdiction or mode; argument: which
  body_not_json,             // argument: why

  // Who is asking.
  credentials_missing,
  authorization_malformed,
  token_refused,         // unknown, expired or revoked
  token_unverified,      // the same, said to a caller who asks whether its token is valid
  auth_key_refused,      // X-Auth-Key with X-Auth-Email that is no token
  permission_missing,    // a right that the token lacks, or an account that is not its own
  origin_refused,        // of a page that may not call; argument: its origin
  account_not_found,     // argument: the path as sent
  account_name_invalid,  // of an account that is to be made; argument: why
  token_not_found,
  token_option_invalid,  // of a token that is to be made; argument: why

  // The request as such.
  route_unknown,       // argument: the path as sent
  method_not_allowed,  // argument: the method
  script_not_found,    // Cubby runs no Workers, so no script is ever found
  request_malformed,   // not HTTP as we accept it; argument: why
  request_head_too_large,
  request_too_large,
  request_timed_out,
  client_gone,  // the connection ended in mid-request; nobody reads the answer

  // Our side.
  storage_failed,       // a write or sync failed: nothing is acknowledged until a restart
  storage_full,         // what is free of the disk is for deletes and upkeep; argument: how much that is
  storage_corrupt,      // stored bytes fail their checksum; argument: where
  overloaded,           // more at once than is allowed, and later it may be less; argument: of what
  storage_unavailable,  // does not answer in time, and may again; argument: what that means for the request
  internal,
  last = internal,
};

// An `Errc` with the one thing worth telling about it; see the comment on each code.
struct Error {
  Errc code = Errc::internal;
  std::string argument{};

  bool operator==(const Error&) const = default;
};

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

// A `T`, or why there is none. `value()` on an error throws: call it only where an error is our own mistake.
template <class T>
using Result = boost::system::result<T, Error>;

inline Error fail(Errc code, std::string argument = {}) {
  return Error{code, std::move(argument)};
}

inline Error value_too_large(std::uint64_t bytes_count, std::uint64_t bytes_max) {
  return fail(Errc::value_too_large,
              std::to_string(bytes_count) + " exceeds limit of " + std::to_string(bytes_max));
}

}  // namespace cubby
