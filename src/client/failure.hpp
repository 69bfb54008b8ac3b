// Why a call of the API, or a command, did not do what it should: for people, and as an exit code.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace cubby::client {

struct Failure {
  // The exit codes of the command line; documented in docs/using/command_line.md.
  enum class Kind {
    other = 1,
    usage = 2,      // the command line, or a file that it names, is not what it should be
    not_found = 3,  // no such key or namespace
    refused = 4,    // no credentials, or they do not allow it
  };

  Kind kind = Kind::other;
  std::string message{};  // what happened
  std::string advice{};   // what to do about it; may be empty
  unsigned status = 0;    // of the answer; 0: there was none
  int code = 0;           // Cloudflare's; 0: none

  int exit_code() const { return static_cast<int>(kind); }
};

[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location& where);

// A `T`, or why there is none. As core's Result: `value()` on a failure is our own mistake.
template <class T>
using Outcome = boost::system::result<T, Failure>;

inline Failure usage(std::string message, std::string advice = {}) {
  return {.kind = Failure::Kind::usage, .message = std::move(message), .advice = std::move(advice)};
}

inline Failure failed(std::string message, std::string advice = {}) {
  return {.kind = Failure::Kind::other, .message = std::move(message), .advice = std::move(advice)};
}

}  // namespace cubby::client
