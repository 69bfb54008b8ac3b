// Our coroutine type. A `Task` starts when it is awaited or spawned and runs on one event loop, that of its
// awaiter; whatever leaves that loop (a storage thread, a commit) comes back to it before the coroutine goes
// on.
//
// Not Asio's own `awaitable`: a request awaits a dozen coroutines of which hardly one has to wait, and such a
// call costs here an allocation and two jumps, and no bookkeeping.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace cubby {

// The concrete executor, not the type-erased one: it is on the path of every request.
using LoopExecutor = boost::asio::io_context::executor_type;

// What every coroutine of ours knows while it runs.
struct TaskPromise {
  boost::asio::io_context* loop = nullptr;                  // where it runs
  std::coroutine_handle<> awaiter = std::noop_coroutine();  // goes on when it has ended
  std::exception_ptr failure;

  struct GoOnWithAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      return ended.promise().awaiter;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  GoOnWithAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }
};

template <class T>
struct TaskResult : TaskPromise {
  std::optional<T> value;

  template <class Value>
  void return_value(Value&& returned) {
    // Explicit conversions of a type to itself there are: of a constant Result<bool> that is an error one
    // makes `false`.
    if constexpr (std::is_same_v<std::remove_cvref_t<Value>, T> && !std::is_same_v<Value, T>)
      value.emplace(std::as_const(returned));
    else
      value.emplace(std::forward<Value>(returned));
  }
  T take() {
    if (failure) std::rethrow_exception(failure);
    return *std::move(value);
  }
};

template <>
struct TaskResult<void> : TaskPromise {
  void return_void() const noexcept {}
  void take() const {
    if (failure) std::rethrow_exception(failure);
  }
};

// Owns the coroutine and its frame. Awaited at most once: `co_await f()`. An exception that escapes the
// coroutine reaches whoever awaits it.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type : TaskResult<T> {
    Task get_return_object() { return Task(Frame::from_promise(*this)); }
  };

  // What has nothing to wait for, and so needs no coroutine: the value itself.
  template <class Value>
  static Task ready(Value&& value) {
    Task task(nullptr);
    task.value_.emplace(std::forward<Value>(value));
    return task;
  }

  Task(Task&& other) noexcept
      : frame_(std::exchange(other.frame_, nullptr)), value_(std::move(other.value_)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(frame_, other.frame_);
    std::swap(value_, other.value_);
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  auto operator co_await() && noexcept { return Awaiter{*this}; }

 private:
  using Frame = std::coroutine_handle<promise_type>;

  struct Awaiter {
    Task& task;

    bool await_ready() const noexcept { return !task.frame_; }

    // Runs the coroutine to its end or its first wait. If it has ended, the awaiter goes on without having
    // been suspended, so that a loop over coroutines that never wait does not grow the stack.
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiter) {
      const Frame frame = task.frame_;
      frame.promise().loop = awaiter.promise().loop;
      frame.resume();
      if (frame.done()) return false;
      frame.promise().awaiter = awaiter;
      return true;
    }

    T await_resume() {
      if constexpr (!std::is_void_v<T>) {
        if (!task.frame_) return *std::move(task.value_);
      }
      return task.frame_.promise().take();
    }
  };

  explicit Task(Frame frame) : frame_(frame) {}

  Frame frame_;
  [[no_unique_address]] std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>> value_;
};

// `co_await this_loop` is the loop that the coroutine runs on, an io_context.
struct ThisLoop {
  struct Awaiter {
    boost::asio::io_context* loop = nullptr;

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
      loop = caller.promise().loop;
      return false;
    }
    boost::asio::io_context& await_resume() const noexcept { return *loop; }
  };

  Awaiter operator co_await() const noexcept { return {}; }
};
inline constexpr ThisLoop this_loop;

// The coroutine at the root of a chain of tasks; its frame ends with it.
struct RootTask {
  struct promise_type : TaskPromise {
    RootTask get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() { throw; }  // out of io_context::run
  };
  std::coroutine_handle<promise_type> frame;
};

template <class Done>
RootTask run_as_root(Task<void> task, Done done) {
  std::exception_ptr failure;
  try {
    // Clang 14 takes the frame's copy of the parameter for a use after this move.
    co_await std::move(task);  // NOLINT(bugprone-use-after-move)
  } catch (...) {
    failure = std::current_exception();
  }
  done(failure);
}

// Starts a task on a loop; may be called from any thread. `done` is called there when the task has ended,
// with the exception that escaped it or null. REQUIRES: the task ends before the loop is destroyed.
template <class Done>
void spawn(boost::asio::io_context& loop, Task<void> task, Done done) {
  const auto frame = run_as_root(std::move(task), std::move(done)).frame;
  frame.promise().loop = &loop;
  boost::asio::post(loop, [frame] { frame.resume(); });
}

}  // namespace cubby
