// Runs a coroutine to its end and gives back what it returned, for tests.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/task.hpp"

namespace cubby {

// Runs `task` on a loop of its own; an exception of the task is thrown on. Throws std::logic_error if the
// task waits for something that this loop never brings.
template <class T>
T run(Task<T> task) {
  boost::asio::io_context loop;
  std::optional<T> result;
  // Not co_spawn(task) itself: its handler needs a T to pass on beside an exception, and not every T has a
  // default.
  const auto keep = [](Task<T> inner, std::optional<T>& kept) -> Task<void> {
    kept.emplace(co_await std::move(inner));
  };
  boost::asio::co_spawn(loop, keep(std::move(task), result), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  loop.run();
  if (!result) throw std::logic_error("the task did not end");
  return std::move(*result);
}

inline void run(Task<void> task) {
  boost::asio::io_context loop;
  bool ended = false;
  boost::asio::co_spawn(loop, std::move(task), [&ended](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
    ended = true;
  });
  loop.run();
  if (!ended) throw std::logic_error("the task did not end");
}

}  // namespace cubby
