// Runs a coroutine to its end and gives back what it returned, for tests.
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/task.hpp"

namespace cubby {

// Runs `task` on a loop of its own; an exception of the task is thrown on. Throws std::logic_error if the
// task waits for something that this loop never brings.
inline void run(Task<void> task) {
  boost::asio::io_context loop;
  bool ended = false;
  std::exception_ptr failure;
  spawn(loop, std::move(task), [&](std::exception_ptr escaped) {
    ended = true;
    failure = escaped;
  });
  loop.run();
  if (!ended) throw std::logic_error("the task did not end");
  if (failure) std::rethrow_exception(failure);
}

template <class T>
T run(Task<T> task) {
  std::optional<T> result;
  const auto keep = [](Task<T> inner, std::optional<T>& kept) -> Task<void> {
    kept.emplace(co_await std::move(inner));
  };
  run(keep(std::move(task), result));
  return *std::move(result);
}

}  // namespace cubby
