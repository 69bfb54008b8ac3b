// How a coroutine waits for another thread: the one bridge between event loops and the threads that may
// block.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "core/task.hpp"

namespace cubby {

// Suspends the caller and hands `start` a function; the caller goes on, on its own loop, with the value that
// this function is called with. REQUIRES: it is called exactly once, from any thread.
template <class T, class Start>
Task<T> resume_later(Start start) {
  using UseAwaitable = boost::asio::use_awaitable_t<LoopExecutor>;
  return boost::asio::async_initiate<const UseAwaitable, void(T)>(
      [](auto handler, Start begin) {
        const auto loop = boost::asio::get_associated_executor(handler);
        // Copyable for std::function; tracked work keeps the loop running meanwhile.
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        auto tracked = boost::asio::prefer(loop, boost::asio::execution::outstanding_work.tracked);
        begin(std::function<void(T)>([waiting, tracked](T value) {
          boost::asio::post(tracked, [waiting, value = std::move(value)]() mutable {
            std::move (*waiting)(std::move(value));
          });
        }));
      },
      UseAwaitable{}, std::move(start));
}

}  // namespace cubby
