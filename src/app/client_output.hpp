// What client commands print: data on standard output, sentences on standard error.
#pragma once

#include <string>
#include <string_view>

#include "client/failure.hpp"

namespace cubby {

// Writes to standard output at once. False if nobody can have it.
bool print(std::string_view data);

// A sentence about what is done.
void tell(const std::string& sentence);

// Tells the failure and answers its exit code.
int complain(const client::Failure& failure);

// Asks on the terminal. Where there is none, nobody can be asked: usage, which names `flag`.
client::Outcome<bool> confirm(const std::string& question, const std::string& flag);

}  // namespace cubby
