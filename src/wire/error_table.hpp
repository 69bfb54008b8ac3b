// One row for every error: how each dialect says it. No other place knows a status or a code.
#pragma once

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
};

const ErrorRow& error_row(Errc code);

// The row's text with the argument in its place.
std::string error_text(const Error& error);

}  // namespace cubby
