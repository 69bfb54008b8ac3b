// One row for every error: how each dialect says it. No other place knows a status or a code.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace cubby {

// How the REST API words a message.
enum class Wording {
  of_operation,  // `put: 'the text'`
  plain,         // the text alone
};

struct ErrorRow {
  Errc code;
  unsigned status;
  int rest_code;
  Wording wording;
  std::string_view text;  // `{}` stands for the error's argument
  // Whether the contract gives this row (verified), or it is the closest documented one (guessed).
  enum class Source { verified, guessed, ours } source;
  // What the worker binding says where it differs: the status (0: the same) and the reason phrase (empty: the
  // text).
  struct Binding {
    unsigned status = 0;
    std::string_view phrase{};
  } binding{};
};

const ErrorRow& error_row(Errc code);

// What `retry-after` says with an error that may be gone a moment later; nothing for every other one.
std::optional<std::string_view> retry_after(Errc code);

// The row's text with the argument in its place.
std::string error_text(const Error& error);

// The same for the worker binding, whose clients show the reason phrase to the caller. One line of ASCII,
// whatever the argument is: what is not printable becomes `?`. Limits: 512 bytes.
unsigned binding_status(Errc code);
std::string binding_phrase(const Error& error);

}  // namespace cubby
