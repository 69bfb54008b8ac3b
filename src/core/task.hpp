// The one alias for our coroutine type. A `Task` runs on the event loop of the connection that started it;
// whatever leaves that loop (a storage thread, a commit) comes back to it before the coroutine goes on.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace cubby {

// The concrete executor, not the type-erased one: it is on the path of every request.
using LoopExecutor = boost::asio::io_context::executor_type;

template <class T>
using Task = boost::asio::awaitable<T, LoopExecutor>;

}  // namespace cubby
