// How a coroutine waits for another thread: the one bridge between event loops and the threads that may
// block.
#pragma once

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <coroutine>
#include <functional>
#include <optional>
#include <utility>

#include "core/task.hpp"

namespace cubby {

template <class T, class Start>
class ResumeLater {
 public:
  explicit ResumeLater(Start start) : start_(std::move(start)) {}

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) {
    // Tracked work keeps the loop running meanwhile.
    auto loop = boost::asio::prefer(waiting.promise().loop->get_executor(),
                                    boost::asio::execution::outstanding_work.tracked);
    start_(std::function<void(T)>([this, waiting, loop](T value) {
      value_.emplace(std::move(value));
      boost::asio::post(loop, [waiting] { waiting.resume(); });
    }));
  }

  T await_resume() { return *std::move(value_); }

 private:
  Start start_;
  std::optional<T> value_;
};

// Suspends the caller and hands `start` a function; the caller goes on, on its own loop, with the value that
// this function is called with. REQUIRES: it is called exactly once, from any thread.
template <class T, class Start>
Task<T> resume_later(Start start) {
  co_return co_await ResumeLater<T, Start>(std::move(start));
}

}  // namespace cubby
