// How a coroutine awaits several tasks at once, where each waits for the cluster most of the time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/resume.hpp"
#include "core/task.hpp"

namespace cubby {

// Lives in the frame of `gather`. All that touches it runs on one loop, so it needs no lock.
template <class T>
struct Gathering {
  std::vector<Task<T>> tasks;
  std::vector<std::optional<T>> answers;
  std::size_t next = 0;  // to be begun
  std::size_t running = 0;
  std::exception_ptr failure;  // the first

  // Takes one after the other, until none is left.
  Task<void> work() {
    while (next < tasks.size()) {
      const std::size_t mine = next++;
      Task<T> task = std::move(tasks[mine]);
      answers[mine].emplace(co_await std::move(task));
    }
  }
};

// Runs the tasks on the caller's loop, at most `at_once` of them at a time, begun in order; answers what they
// answer, in their order, when all have ended. An exception that escapes one reaches the caller, when those
// that were begun have ended. REQUIRES: `at_once` is at least 1; T is not void.
template <class T>
Task<std::vector<T>> gather(std::vector<Task<T>> tasks, std::size_t at_once) {
  std::vector<T> answers;
  if (tasks.empty()) co_return answers;
  Gathering<T> gathering;
  gathering.tasks = std::move(tasks);
  gathering.answers.resize(gathering.tasks.size());
  gathering.running = std::min(at_once, gathering.tasks.size());
  auto& loop = co_await this_loop;
  auto start = [&](std::function<void(bool)> resume) {
    const auto ended = [&gathering, resume = std::move(resume)](std::exception_ptr failure) {
      if (failure && !gathering.failure) gathering.failure = failure;
      if (--gathering.running == 0) resume(true);
    };
    for (std::size_t i = gathering.running; i > 0; --i) spawn(loop, gathering.work(), ended);
  };
  co_await resume_later<bool>(std::move(start));
  if (gathering.failure) std::rethrow_exception(gathering.failure);
  answers.reserve(gathering.answers.size());
  for (auto& each : gathering.answers) answers.push_back(*std::move(each));
  co_return answers;
}

}  // namespace cubby
