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
#include <vector>

#include "core/task.hpp"

namespace cubby {

// While one of these lives on a thread, what that thread resumes is handed to the loops at its end, in
// portions: a loop that is woken for each coroutine would take the processor from the thread that wakes it,
// again and again.
class ResumeTogether {
 public:
  ResumeTogether() : outer_(std::exchange(current, this)) {}
  ~ResumeTogether() {
    current = outer_;
    for (Portion& portion : portions_) post(std::move(portion));
  }
  ResumeTogether(const ResumeTogether&) = delete;
  ResumeTogether& operator=(const ResumeTogether&) = delete;

  using TrackedLoop = decltype(boost::asio::prefer(std::declval<LoopExecutor>(),
                                                   boost::asio::execution::outstanding_work.tracked));

  // Resumes `waiting` on its loop: at once, or with others.
  static void resume(const TrackedLoop& loop, std::coroutine_handle<> waiting) {
    if (current)
      current->add(loop, waiting);
    else
      boost::asio::post(loop, [waiting] { waiting.resume(); });
  }

 private:
  static constexpr std::size_t portion_max = 64;  // then others on the loop get a turn

  struct Portion {
    TrackedLoop loop;
    std::vector<std::coroutine_handle<>> waiting;
  };

  void add(const TrackedLoop& loop, std::coroutine_handle<> waiting) {
    for (Portion& portion : portions_) {
      if (portion.loop == loop && portion.waiting.size() < portion_max)
        return portion.waiting.push_back(waiting);
    }
    portions_.push_back({loop, {waiting}});
  }

  static void post(Portion portion) {
    const TrackedLoop loop = portion.loop;
    boost::asio::post(loop, [portion = std::move(portion)] {
      for (const auto each : portion.waiting) each.resume();
    });
  }

  inline static thread_local ResumeTogether* current = nullptr;
  ResumeTogether* const outer_;
  std::vector<Portion> portions_;
};

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
      ResumeTogether::resume(loop, waiting);
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
