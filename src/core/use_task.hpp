// How a task waits for one of Asio's operations:
//
//   const auto [error, count] = co_await socket.async_read_some(buffer, use_task);
//
// The operation completes on the loop of its socket or timer, which must be the task's own.
#pragma once

#include <boost/asio/async_result.hpp>
#include <coroutine>
#include <optional>
#include <tuple>
#include <utility>

namespace cubby {

struct UseTask {};
inline constexpr UseTask use_task;

// One operation, which starts when it is awaited; lives in the frame of the task that awaits it.
template <class Results, class Initiation, class... Arguments>
class AsioOperation {
 public:
  explicit AsioOperation(Initiation initiation, Arguments... arguments)
      : initiation_(std::move(initiation)), arguments_(std::move(arguments)...) {}

  bool await_ready() const noexcept { return false; }

  void await_suspend(std::coroutine_handle<> waiting) {
    std::apply(
        [&](auto&... arguments) {
          std::move(initiation_)(Handler{this, waiting}, std::move(arguments)...);
        },
        arguments_);
  }

  Results await_resume() { return *std::move(results_); }

 private:
  struct Handler {
    AsioOperation* operation;
    std::coroutine_handle<> waiting;

    template <class... Each>
    void operator()(Each&&... each) const {
      operation->results_.emplace(std::forward<Each>(each)...);
      waiting.resume();
    }
  };

  Initiation initiation_;
  std::tuple<Arguments...> arguments_;
  std::optional<Results> results_;
};

}  // namespace cubby

template <class... Results>
struct boost::asio::async_result<cubby::UseTask, void(Results...)> {
  template <class Initiation, class... Arguments>
  static auto initiate(Initiation initiation, cubby::UseTask, Arguments... arguments) {
    return cubby::AsioOperation<std::tuple<std::decay_t<Results>...>, Initiation, Arguments...>(
        std::move(initiation), std::move(arguments)...);
  }
};
