// Threads that may block on a disk.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <type_traits>

#include "core/resume.hpp"

namespace cubby {

class StoragePool {
 public:
  explicit StoragePool(std::size_t threads) : threads_(threads) {}

  // Returns when all work handed over has run.
  ~StoragePool() { threads_.join(); }

  StoragePool(const StoragePool&) = delete;
  StoragePool& operator=(const StoragePool&) = delete;

  // Runs `work` on a storage thread; the caller goes on, on its own loop, with what it returned.
  // REQUIRES: `work` does not throw.
  template <class Work, class T = std::invoke_result_t<Work&>>
  Task<T> run(Work work) {
    return resume_later<T>([this, work = std::move(work)](std::function<void(T)> resume) mutable {
      boost::asio::post(threads_,
                        [work = std::move(work), resume = std::move(resume)]() mutable { resume(work()); });
    });
  }

  template <class Work>
  void run_detached(Work work) {
    boost::asio::post(threads_, std::move(work));
  }

 private:
  boost::asio::thread_pool threads_;
};

}  // namespace cubby
