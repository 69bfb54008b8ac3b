// Lets what takes long on an event loop through one at a time, so that everybody else has a turn in between.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <coroutine>
#include <deque>

namespace cubby {

// A loop serves what is ready in the order of its coming. A thousand clients that each want a large piece of
// a value at once would let who asks for a small one wait for all of these pieces. Here one passes in each
// round of the loop, in which everything else that is ready is served too.
//
// Of one loop, used by its coroutines, and outlives them. Costs who is alone nothing but a post.
class Turnstile {
 public:
  explicit Turnstile(boost::asio::io_context& loop) : loop_(loop) {}
  Turnstile(const Turnstile&) = delete;
  Turnstile& operator=(const Turnstile&) = delete;

  class Turn {
   public:
    explicit Turn(Turnstile& turnstile) : turnstile_(turnstile) {}
    bool await_ready() const { return turnstile_.pass_at_once(); }
    void await_suspend(std::coroutine_handle<> waiting) const { turnstile_.waiting_.push_back(waiting); }
    void await_resume() const noexcept {}

   private:
    Turnstile& turnstile_;
  };

  // `co_await turnstile.pass()` goes on at once if nobody has passed in this round, or else when its turn has
  // come.
  Turn pass() { return Turn(*this); }

  // Whether somebody will pass after the one whose turn it is.
  bool others_wait() const { return !waiting_.empty(); }

 private:
  bool pass_at_once() {
    if (has_passed_) return false;
    begin_next_round();
    has_passed_ = true;
    return true;
  }

  void begin_next_round() {
    boost::asio::post(loop_, [this] {
      has_passed_ = !waiting_.empty();
      if (!has_passed_) return;
      const auto next = waiting_.front();
      waiting_.pop_front();
      begin_next_round();
      next.resume();
    });
  }

  boost::asio::io_context& loop_;
  std::deque<std::coroutine_handle<>> waiting_;
  bool has_passed_ = false;  // in this round
};

}  // namespace cubby
